import { builder } from '../../src/api/schema/builder.ts';
import { SendMessageInput } from '../../src/api/schema/inputs.ts';
import { readConfig } from '../../src/config.ts';

/**
 * The product's own server with two more mutations that do nothing: one bare, one that takes what sendMessage takes. They
 * are added before the schema is built, which happens when the server is imported. Everything around them is the same.
 */
builder.mutationField('noop', (t) => t.boolean({ resolve: () => true }));
builder.mutationField('noopWithInput', (t) =>
  t.boolean({ args: { input: t.arg({ type: SendMessageInput, required: true }) }, resolve: () => true }),
);

const { serve } = await import('../../src/processes/serve.ts');
const { endInOrder } = await import('../../src/cli/end-in-order.ts');
const running = await serve(readConfig(process.env, { port: '0' }));
process.stdout.write(`Highwater serves ${running.server.url}/graphql\n`);
endInOrder({ logger: running.logger, close: running.close });
