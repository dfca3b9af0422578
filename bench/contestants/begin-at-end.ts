import { openEventStoreLog } from '../../src/adapters/eventstoredb/event-log.ts';
import { openMongoReadModelBuilds } from '../../src/adapters/mongodb/read-model-builds.ts';
import { answer } from '../child.ts';
import { requireServers } from '../servers.ts';

/**
 * Read models that have caught up with a log of which they hold nothing: the groups of earlier runs are of no use to a
 * server that is about to be measured, and projecting them would take its time from what is.
 */
const { eventStoreUrl, mongoUrl } = requireServers();
const log = await openEventStoreLog({ url: eventStoreUrl });
const [last] = await log.readAllBackwards(undefined, 1);
if (last === undefined) throw new Error('the log is empty');
const { position, streamName, version, eventId } = last;
const builds = openMongoReadModelBuilds({ url: mongoUrl, holder: 'bench' });
const build = await builds.create();
const writer = await builds.openWriter(build, AbortSignal.timeout(30_000));
await writer.commit([], { position, event: { streamName, version, eventId } });
await writer.close();
await builds.serve(await builds.served(), build);
await builds.close();
await log.close();
answer({ end: position });
