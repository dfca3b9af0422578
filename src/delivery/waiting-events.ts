import type { MemoryShare } from '../memory/memory-budget.ts';
import type { LoggedEvent } from './shown-events.ts';

/** What waits for one subscriber, oldest first and without a gap. */
export interface WaitingEvents {
  readonly length: number;
  first(): LoggedEvent | undefined;
  shift(): void;
  /** False, and it does not wait, where no more may. Where nothing waits, one may, however large. */
  push(logged: LoggedEvent, characters: number): boolean;
}

const maximumEvents = 256;
/** Measured: an event with its place and its metadata; its characters may take two bytes each. */
const bytesPerEvent = 800;
const bytesPerCharacter = 2;

export function createWaitingEvents(share: MemoryShare): WaitingEvents {
  const events: { readonly logged: LoggedEvent; readonly bytes: number }[] = [];
  return {
    get length() {
      return events.length;
    },
    first: () => events[0]?.logged,
    shift() {
      share.add(-(events.shift()?.bytes ?? 0));
    },
    push(logged, characters) {
      const bytes = bytesPerEvent + bytesPerCharacter * characters;
      const fits = events.length < maximumEvents && share.add(bytes);
      if (!fits && events.length > 0) return false;
      events.push({ logged, bytes: fits ? bytes : 0 });
      return true;
    },
  };
}
