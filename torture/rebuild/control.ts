import { setTimeout as wait } from 'node:timers/promises';
import type { Services } from '../../src/api/services.ts';
import { readConfig } from '../../src/config.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { createLogger } from '../../src/processes/logger.ts';
import { openBuilds } from '../../src/processes/open-builds.ts';
import { runProjection } from '../../src/projections/run-projection.ts';
import { startApiInProcess } from '../api-in-process.ts';
import { ask } from '../chat-load.ts';
import { startLoad } from './load.ts';

const createGroup = 'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { position } }';

/**
 * The cure taken out: readers who go on to the next build before it is filled. True where those who read and write notice.
 */
export async function controlFails(random: () => number): Promise<boolean> {
  let current: ReadModels | undefined;
  const api = await startApiInProcess({
    wrap: (services: Services) => ({
      ...services,
      readModels: {
        ...services.readModels,
        async moment() {
          const moment = await services.readModels.moment();
          return { ...moment, inboxPage: (...page) => (current ?? moment).inboxPage(...page) };
        },
      },
    }),
  });
  const opened = await openBuilds(
    readConfig({ HIGHWATER_DATA: api.dataDirectory }),
    createLogger({ logLevel: 'silent' }),
  );
  const access = { url: api.url, token: (userId: string) => api.services.tokens.issue({ userId }, 86_400) };
  const userIds = ['user-0', 'user-1', 'user-2', 'user-3'];
  const groupIds = ['control-0', 'control-1'];
  for (const groupId of groupIds) {
    const members = userIds.slice(1).map((userId) => ({ userId }));
    const { errors } = await ask(access, 'user-0', createGroup, { input: { groupId, name: groupId, members } }, 20_000);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
  }
  const load = startLoad({ access, userIds, groupIds, history: new Map(), random, pauseMilliseconds: 5 });
  try {
    await wait(300);
    const { builds, log } = opened;
    const build = await builds.create();
    current = await builds.openReadModels(build);
    const before = load.rounds();
    for (const deadline = performance.now() + 10_000; performance.now() < deadline; await wait(20)) {
      if (load.rounds() >= before + 2 * userIds.length) break;
    }
    const writer = await builds.openWriter(build, AbortSignal.timeout(10_000));
    await runProjection({ log, writer, signal: AbortSignal.timeout(10_000), once: true });
    await writer.close();
  } finally {
    await load.stop();
    await current?.close();
    await opened.close();
    await api.close();
  }
  return load.problems.some(({ kind }) => kind === 'wrong');
}
