import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startServers } from '../test/servers/start-servers.ts';

/**
 * `node bin/run.js scripts/with-servers.ts COMMAND …`: runs a command with an event store and a MongoDB that live as long
 * as it does, named by HIGHWATER_EVENTSTORE_URL and HIGHWATER_MONGODB_URL; a server that one of these names already is
 * used as it is. Ends with the command's exit code.
 */
const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error('which command?');
const servers = await startServers();
// FerretDB looks at every document where MongoDB has an index, which takes its time at the size of the demonstration.
const isOurs = process.env['HIGHWATER_MONGODB_URL'] === undefined;
const mongoUrl = isOurs ? `${servers.mongoUrl}?socketTimeoutMS=30000` : servers.mongoUrl;
try {
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      HIGHWATER_EVENTSTORE_URL: servers.eventStoreUrl,
      HIGHWATER_MONGODB_URL: mongoUrl,
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await servers.stop();
}
