import type { Position, Version } from '../ports/event-log.ts';
import type { AccessRefusal } from '../rights/access-refusal.ts';

/** The read models or the live counts have not reached a position in time. */
export interface Behind {
  readonly kind: 'behind';
  readonly checkpoint: Position;
  readonly wanted: Position;
}

/** The log, which ends at `end`, has not reached the position that is asked for: it is another log's. */
export interface PositionNotReached {
  readonly kind: 'position-not-reached';
  readonly end: Position;
}

/** Why nothing is delivered, or nothing more. A value: an iterator's return value says why it has ended. */
export type DeliveryRefusal =
  | AccessRefusal
  | Behind
  | PositionNotReached
  /** The stream, which is at `newest`, has not reached the version to resume after: it comes from another log. */
  | { readonly kind: 'version-not-reached'; readonly newest: Version };

/** Ends without a value when its subscriber leaves, and otherwise with the reason. Rejects with what is no refusal. */
export type Deliveries<Item> = AsyncIterableIterator<Item, DeliveryRefusal | undefined>;
