import { expect } from 'vitest';
import type { CommandEnvelope, EventOrigin } from '../../src/commands/decider.ts';
import { type GroupCommand, groupDecider } from '../../src/commands/group.ts';
import { type MarkReadUpTo, type MarksState, marksDecider } from '../../src/commands/marks.ts';
import { type Decision, isRefused, type Refusal, type Repetition } from '../../src/commands/refusal.ts';
import type { EventMetadata } from '../../src/events/codec.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import type { Position } from '../../src/ports/event-log.ts';

type WithoutEnvelope<Command> = Command extends CommandEnvelope ? Omit<Command, keyof CommandEnvelope> : never;

export type GroupOrder = WithoutEnvelope<GroupCommand>;

/** A command with the envelope that the tests do not look at. */
export function by(actorId: string, order: GroupOrder, commandId = 'command-1'): GroupCommand {
  // Omit forgets which member of the union it was made of; adding the envelope back makes that member again.
  return { commandId, actorId, at: '2026-11-24T12:00:00.000Z', ...order } as GroupCommand;
}

export function mark(actorId: string, upTo: number, commandId = `mark-${actorId}-${upTo}`): MarkReadUpTo {
  return { type: 'MarkReadUpTo', groupId: 'lunch', upTo, commandId, actorId, at: '2026-11-24T12:00:00.000Z' };
}

/** Where an event of a command comes from, whose client chose no id unless a digest says so. */
export const originOf = (position: Position, command: Partial<EventMetadata> = {}): EventOrigin => ({
  metadata: { correlationId: 'c', causationId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z', ...command },
  position,
});

/** Folds events of a log that holds nothing else: its positions count from 0 or from `first`. */
export const foldGroup = (events: readonly GroupEvent[], state = groupDecider.initialState, first: Position = 0) =>
  events.reduce((folded, event, index) => groupDecider.evolve(folded, event, originOf(first + index)), state);
export const foldMarks = (
  events: readonly ReadsEvent[],
  state = marksDecider.initialState,
  first: Position = 0,
): MarksState =>
  events.reduce((folded, event, index) => marksDecider.evolve(folded, event, originOf(first + index)), state);

/** Given what happened to a group, when it is given an order, then this happens: events, none, the answer of before, or a refusal. */
export function given(...history: readonly GroupEvent[]) {
  return {
    when: (actorId: string, order: GroupOrder) =>
      decided(groupDecider.decide(by(actorId, order), foldGroup(history), undefined)),
  };
}

/** Given what happened to a group and then to its marks, when a reader marks, then this happens. */
export const givenMarks = (group: readonly GroupEvent[], ...marks: readonly ReadsEvent[]) =>
  givenMarksAs(group, foldMarks(marks, undefined, group.length));

/** The same, where the marks stand elsewhere in the log. */
export function givenMarksAs(group: readonly GroupEvent[], marks: MarksState) {
  const context = { group: foldGroup(group), groupPosition: group.length - 1 };
  return {
    when: (actorId: string, upTo: number) => decided(marksDecider.decide(mark(actorId, upTo), marks, context)),
  };
}

export function decided<Event>(decision: Decision<Event>) {
  return {
    // biome-ignore lint/suspicious/noThenProperty: it takes what is expected, and nobody awaits it.
    then(expected: readonly Event[] | Refusal | { readonly repeated: Repetition }): void {
      expect(isRefused(decision) ? decision.refused : decision).toEqual(expected);
    },
  };
}
