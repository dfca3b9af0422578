import type { EventMetadata } from '../events/codec.ts';
import type { HighwaterEvent } from '../events/event.ts';
import type { Position, Version } from '../ports/event-log.ts';
import type { Change } from './changes.ts';

/** What a projection is told of an event: `groupId` is its stream's, `version` its place there. */
export interface ProjectedEvent {
  readonly event: HighwaterEvent;
  readonly metadata: EventMetadata;
  readonly groupId: string;
  readonly version: Version;
  readonly position: Position;
  /** From when on a mark of this event counts: its own moment, or that of the latest message that it may be about. */
  readonly readAt: string;
}

/** A pure function: the same event gives the same changes, whenever and however often it is projected. */
export type Projection = (projected: ProjectedEvent) => readonly Change[];

/** What most events are to most projections. */
export const noChanges: readonly Change[] = [];
