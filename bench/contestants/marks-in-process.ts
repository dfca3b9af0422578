import { openSqliteEventLog } from '../../src/adapters/sqlite/event-log.ts';
import { createCommands } from '../../src/commands/commands.ts';
import { type EventLog, startOfLog } from '../../src/ports/event-log.ts';
import { answer, contestantOptions } from '../child.ts';
import { serversOf } from '../servers.ts';

export interface MarksOptions {
  /** Where the log is, unless the environment names servers. */
  readonly file: string;
  readonly groupId: string;
  readonly members: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/**
 * Every member has one mark under way: once it is durable, the next one, a message further on. The read models know
 * nothing, so the commands stand on the log alone.
 */
const { file, groupId, members, seconds, warmUpSeconds } = contestantOptions<MarksOptions>();
const log = await openLog();
const commands = createCommands({
  log,
  readModels: {
    checkpoint: async () => startOfLog,
    groups: async () => [],
    haltedGroups: async () => [],
    groupSnapshot: async () => undefined,
    messages: async () => [],
    acceptedCommands: async () => [],
    reactions: async () => [],
  },
});
const at = new Date().toISOString();
const messages = 2_000;

await seed();
let markedUpTo = 0;
let acknowledged = 0;
let isEnding = false;
// The owner has read what they sent: the others have marks to move.
const readers = Array.from({ length: members }, (_, index) => reader(`user-${index + 1}`));
await new Promise((resolve) => setTimeout(resolve, warmUpSeconds * 1_000));
const [before, started] = [acknowledged, performance.now()];
await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const perSecond = ((acknowledged - before) * 1_000) / (performance.now() - started);
isEnding = true;
await Promise.all(readers);
await check();
answer({ perSecond });

async function openLog(): Promise<EventLog> {
  const servers = serversOf(process.env);
  if (servers === undefined) return openSqliteEventLog({ file });
  // Loaded here, so that the driver does not weigh on the embedded form.
  const { openEventStoreLog } = await import('../../src/adapters/eventstoredb/event-log.ts');
  return openEventStoreLog({ url: servers.eventStoreUrl });
}

async function seed(): Promise<void> {
  const others = Array.from({ length: members }, (_, index) => ({ userId: `user-${index + 1}` }));
  const owner = { actorId: 'user-0', at };
  await commands.handleGroup(groupId, {
    ...{ type: 'CreateGroup', groupId, name: 'Bench', members: others, commandId: 'create', ...owner },
  });
  const sent = Array.from({ length: messages }, (_, index) => {
    const messageId = `message-${index}`;
    return commands.handleGroup(groupId, {
      ...{ type: 'SendMessage', messageId, text: 'text', mentions: [], commandId: messageId, ...owner },
    });
  });
  for (const handled of await Promise.all(sent)) {
    if ('refused' in handled) throw new Error(`a message was refused: ${handled.refused.kind}`);
  }
}

async function reader(actorId: string): Promise<void> {
  for (let upTo = 1; !isEnding; upTo += 1) {
    const commandId = `${actorId}-${upTo}`;
    const handled = await commands.handleMark(groupId, { type: 'MarkReadUpTo', groupId, upTo, commandId, actorId, at });
    if ('refused' in handled) throw new Error(`a mark was refused: ${handled.refused.kind}`);
    acknowledged += 1;
    markedUpTo += 1;
  }
}

/** Outside the measured time: the log holds one event for each mark that was acknowledged. */
async function check(): Promise<void> {
  const [last] = await log.readStreamBackwards(`reads-${groupId}`, undefined, 1);
  if ((last?.version ?? -1) + 1 !== markedUpTo) {
    throw new Error(`${markedUpTo} marks were acknowledged, the log holds ${(last?.version ?? -1) + 1}`);
  }
}
