import { expect } from 'vitest';
import type { CommandEnvelope } from '../../src/commands/decider.ts';
import { type GroupCommand, groupDecider } from '../../src/commands/group.ts';
import { type MarkReadUpTo, marksDecider } from '../../src/commands/marks.ts';
import { type Decision, isRefused, type Refusal } from '../../src/commands/refusal.ts';
import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';

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

export const foldGroup = (events: readonly GroupEvent[]) =>
  events.reduce(groupDecider.evolve, groupDecider.initialState);
export const foldMarks = (events: readonly ReadsEvent[]) =>
  events.reduce(marksDecider.evolve, marksDecider.initialState);

/** Given what happened to a group, when it is given an order, then this happens: events, none, or a refusal. */
export function given(...history: readonly GroupEvent[]) {
  return {
    when: (actorId: string, order: GroupOrder) =>
      decided(groupDecider.decide(by(actorId, order), foldGroup(history), undefined)),
  };
}

/** Given what happened to a group and to its marks, when a reader marks, then this happens. */
export function givenMarks(group: readonly GroupEvent[], ...marks: readonly ReadsEvent[]) {
  const context = { group: foldGroup(group) };
  return {
    when: (actorId: string, upTo: number) =>
      decided(marksDecider.decide(mark(actorId, upTo), foldMarks(marks), context)),
  };
}

function decided<Event>(decision: Decision<Event>) {
  return {
    // biome-ignore lint/suspicious/noThenProperty: it takes what is expected, and nobody awaits it.
    then(expected: readonly Event[] | Refusal): void {
      expect(isRefused(decision) ? decision.refused : decision).toEqual(expected);
    },
  };
}
