import { type DecodedEvent, decodeEvent, type EncodedEvent, UndecodableEvent } from './codec.ts';
import { familyOf, type GroupEvent, type ImportsEvent, type ReadsEvent } from './event.ts';
import { parseStreamName, type StreamFamily } from './stream-name.ts';

type Recorded = EncodedEvent & { readonly streamName: string; readonly version: number };

type Of<Family extends StreamFamily, Event> = DecodedEvent & {
  readonly family: Family;
  readonly groupId: string;
  readonly event: Event;
};

/** An event of one of our streams, with what its stream's name says. */
export type DecodedRecord = Of<'group', GroupEvent> | Of<'reads', ReadsEvent> | Of<'imports', ImportsEvent>;

/**
 * Reads what a stream of ours holds. This is the one way in which whoever follows or folds a stream decodes its events, so
 * that all of them agree on what cannot be read: an event of another family, or one that speaks of another group than its
 * stream, is as unreadable as one that does not decode, however well-formed it is; so is an event of the store's own. Throws
 * UndecodableEvent, which says what it is.
 */
export function decodeRecorded(recorded: Recorded): DecodedRecord {
  const { streamName, type } = recorded;
  const stream = parseStreamName(streamName);
  if (stream === undefined) throw new UndecodableEvent(`${streamName} is no stream of a group`);
  requireWrittenByPrograms(recorded);
  const { event, metadata } = decodeEvent(recorded);
  const { family, groupId } = stream;
  if (familyOf(event) !== family) {
    throw new UndecodableEvent(`a ${type} does not belong into a stream of the family ${family}`);
  }
  if ('groupId' in event.data && event.data.groupId !== groupId) {
    throw new UndecodableEvent(`this ${type} is of group ${event.data.groupId}`);
  }
  // The family was compared above, which is what pairs it with its events.
  return { family, groupId, event, metadata } as DecodedRecord;
}

/** EventStoreDB writes into streams itself, under names that begin with a dollar. */
function requireWrittenByPrograms({ streamName, type, version }: Recorded): void {
  if (type === '$streamDeleted') throw new UndecodableEvent(`${streamName} was deleted for good ($streamDeleted)`);
  if (type.startsWith('$')) throw new UndecodableEvent(`${type} is an event of the event store's own`);
  if (version >= Number.MAX_SAFE_INTEGER) {
    throw new UndecodableEvent(`the version of this ${type} is beyond what a number holds exactly`);
  }
}
