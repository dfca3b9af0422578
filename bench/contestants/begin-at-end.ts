import { openEventStoreLog } from '../../src/adapters/eventstoredb/event-log.ts';
import { openMongoReadModelWriter } from '../../src/adapters/mongodb/read-model-writer.ts';
import { answer } from '../child.ts';
import { requireServers } from '../servers.ts';

/**
 * Read models that have caught up with a log of which they hold nothing: the groups of earlier runs are of no use to a
 * server that is about to be measured, and projecting them would take its time from what is.
 */
const { eventStoreUrl, mongoUrl } = requireServers();
const log = await openEventStoreLog({ url: eventStoreUrl });
const end = await log.endPosition();
const writer = await openMongoReadModelWriter({
  url: mongoUrl,
  holder: 'bench',
  signal: AbortSignal.timeout(30_000),
});
await writer.apply([], end);
await writer.close();
await log.close();
answer({ end });
