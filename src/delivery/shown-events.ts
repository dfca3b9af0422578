import type { EventMetadata } from '../events/codec.ts';
import type { GroupEvent } from '../events/event.ts';
import { laterOf } from '../events/moments.ts';
import type { Position, Version } from '../ports/event-log.ts';
import type { BacklogShare } from './backlog-budget.ts';

/** How a message's text reads now, which may be later than the event that it is shown with. */
interface ShownText {
  /** Null once deleted. */
  readonly text: string | null;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
  /** Where an edit has said so; as the event itself has it otherwise. */
  readonly mentionsAll?: boolean;
}

/** An event as people see it: where it holds a text, that is the text of now. */
type Shown<Event extends GroupEvent> = Event extends { readonly type: 'MessageSent' | 'MessageEdited' }
  ? { readonly type: Event['type']; readonly data: Omit<Event['data'], 'text'> & Omit<ShownText, 'mentionsAll'> }
  : Event;

interface Place {
  readonly kind: 'event';
  readonly groupId: string;
  readonly version: Version;
  readonly position: Position;
  readonly metadata: EventMetadata;
}

/** A group's event at its place in the stream, as the log has it. */
export type LoggedEvent = Place & { readonly event: GroupEvent };

type ShownAtItsPlace<Event> = Event extends GroupEvent ? Place & { readonly event: Shown<Event> } : never;
export type ShownEvent = ShownAtItsPlace<GroupEvent>;

/** What became of a message's text, by the newest event that changed it. */
interface NewestChange {
  readonly version: Version;
  readonly at: string;
  readonly isDeleted: boolean;
  /** Undefined where it is deleted, or where the text is not held here and has to be read from the log again. */
  readonly text: string | undefined;
  /** Null where no edit has said so. */
  readonly mentionsAll: boolean | null;
}

/** How many characters of newer texts one subscriber's backlog may hold; what is beyond is read at its version. */
const maximumHeldCharacters = 256 * 1024;
const bytesPerCharacter = 2;
/** Measured: an entry of the map with the change's own fields. */
const bytesPerChange = 160;

/**
 * Where a group's events become what people see: an event keeps its version and its place for ever, and shows no text
 * that was deleted or replaced since. Everything that is to be shown is noted first, up to the newest event known, and so
 * is everything after it; so one who is behind holds a number for each message that was changed in what they have missed.
 */
export interface ShownEvents {
  /** Takes note of the next event of the stream. False where there is no room to: then nothing after it can be shown. */
  note(logged: LoggedEvent): boolean;
  /**
   * The event as it reads with everything noted so far, or the version of the event whose text has to be read for it:
   * then it is shown with that one, `reread`.
   */
  show(logged: LoggedEvent, reread?: LoggedEvent): ShownEvent | { readonly missing: Version };
  /** Forgets what was noted before this version, from which on events are still to be shown. */
  forgetBefore(version: Version): void;
}

export function createShownEvents(share: BacklogShare): ShownEvents {
  const changes = new Map<number, NewestChange>();
  let heldCharacters = 0;

  function forget(seq: number, { text = '' }: NewestChange): void {
    changes.delete(seq);
    heldCharacters -= text.length;
    share.changes.add(-bytesPerChange);
    share.texts.add(-bytesPerCharacter * text.length);
  }

  function change(seq: number, next: NewestChange): boolean {
    const before = changes.get(seq);
    if (before !== undefined) forget(seq, before);
    if (!share.changes.add(bytesPerChange)) return false;
    const characters = next.text?.length ?? 0;
    const fits =
      heldCharacters + characters <= maximumHeldCharacters && share.texts.add(bytesPerCharacter * characters);
    if (fits) heldCharacters += characters;
    const mentionsAll = next.mentionsAll ?? before?.mentionsAll ?? null;
    changes.set(seq, { ...next, mentionsAll, text: fits ? next.text : undefined });
    return true;
  }

  return {
    note({ event, version, metadata: { at } }) {
      if (event.type === 'MessageEdited') {
        const { seq, text, mentionsAll } = event.data;
        return change(seq, { version, at, isDeleted: false, text, mentionsAll });
      }
      if (event.type !== 'MessageDeleted') return true;
      return change(event.data.seq, { version, at, isDeleted: true, text: undefined, mentionsAll: null });
    },
    show(logged, reread) {
      const { event } = logged;
      if (event.type !== 'MessageSent' && event.type !== 'MessageEdited') return logged as ShownEvent;
      const newest = changes.get(event.data.seq);
      const own = event.type === 'MessageEdited' ? logged.metadata.at : null;
      if (newest === undefined || newest.version <= logged.version) {
        return withText(logged, { text: event.data.text, editedAt: own, deletedAt: null });
      }
      const said = newest.mentionsAll === null ? {} : { mentionsAll: newest.mentionsAll };
      const at = laterOf(newest.at, logged.metadata.at);
      if (newest.isDeleted) return withText(logged, { ...said, text: null, editedAt: own, deletedAt: at });
      const text = newest.text ?? (reread?.version === newest.version ? textOf(reread) : undefined);
      if (text === undefined) return { missing: newest.version };
      return withText(logged, { ...said, text, editedAt: at, deletedAt: null });
    },
    forgetBefore(version) {
      for (const [seq, change] of changes) {
        if (change.version < version) forget(seq, change);
      }
    },
  };
}

const textOf = ({ event }: LoggedEvent) => (event.type === 'MessageEdited' ? event.data.text : undefined);

function withText(logged: LoggedEvent, text: ShownText): ShownEvent {
  const { event } = logged;
  return { ...logged, event: { type: event.type, data: { ...event.data, ...text } } } as ShownEvent;
}
