import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';
import type { GroupCommand } from '../../src/commands/group.ts';
import { groupDecider } from '../../src/commands/group.ts';
import { isRefused, isRepeated } from '../../src/commands/refusal.ts';
import type { GroupEvent } from '../../src/events/event.ts';
import { added, created, deleted, edited, left, lunch, reacted, removed, sent, unreacted } from './events.ts';
import { by, decided, foldGroup, type GroupOrder, originOf } from './given.ts';

/** A command whose client chose its id. */
const commanded = (actorId: string, order: GroupOrder, commandId = 'c-1'): GroupCommand => ({
  ...by(actorId, order, commandId),
  commandDigest: digestOf(order),
});

interface Before {
  readonly history: readonly GroupEvent[];
  readonly actorId: string;
  readonly order: GroupOrder;
  /** So many of the command's events are in the log: all unless said. */
  readonly stored?: number;
  /** What has happened after it. */
  readonly since: readonly GroupEvent[];
}

/** The group after a command, and after what has happened since. Says where the command's last event stands. */
function groupAfter({ history, actorId, order, stored, since }: Before) {
  const command = commanded(actorId, order);
  const before = foldGroup(history);
  const decision = groupDecider.decide(command, before, undefined);
  if (isRefused(decision) || isRepeated(decision)) throw new Error('the command is to change something');
  const { commandId: causationId, commandDigest } = command;
  const events = decision.slice(0, stored);
  const state = events.reduce((folded, event, index) => {
    const commandContinues = index < decision.length - 1 ? (true as const) : undefined;
    const origin = originOf(history.length + index, { actorId, causationId, commandDigest, commandContinues });
    return groupDecider.evolve(folded, event, origin);
  }, before);
  const position = history.length + events.length - 1;
  return { position, state: foldGroup(since, state, position + 1) };
}

const whenAgain = (state: ReturnType<typeof foldGroup>, command: GroupCommand) =>
  decided(groupDecider.decide(command, state, undefined));

const twoMessages = [...lunch, sent(1, 'cleo'), sent(2, 'bob')];
const gone = (userId: string, afterSeq = 2) => [removed(userId, 3, afterSeq)];
const create: GroupOrder = { type: 'CreateGroup', groupId: 'lunch', name: 'Lunch', members: [{ userId: 'bob' }] };
const renamed = (name: string): GroupEvent => ({ type: 'GroupRenamed', data: { name } });

/** Each command, with what would make a second one change something, or be refused. */
const undone: readonly (readonly [string, Before])[] = [
  ['creating a group that was renamed', { history: [], actorId: 'ada', order: create, since: [renamed('Dinner')] }],
  [
    'creating a group that its creator has left',
    { history: [], actorId: 'ada', order: create, since: [left('ada', 1)] },
  ],
  [
    'renaming what was renamed again',
    { history: lunch, actorId: 'ada', order: { type: 'RenameGroup', name: 'Tea' }, since: [renamed('Dinner')] },
  ],
  [
    'adding one who has left',
    {
      history: lunch,
      actorId: 'ada',
      order: { type: 'AddMembers', members: [{ userId: 'eve' }, { userId: 'fay' }] },
      since: [left('eve', 5)],
    },
  ],
  [
    'removing one who was added again',
    {
      history: lunch,
      actorId: 'ada',
      order: { type: 'RemoveMember', userId: 'cleo' },
      since: [added({ cleo: 'member' }, 4)],
    },
  ],
  [
    'leaving after a return',
    { history: lunch, actorId: 'cleo', order: { type: 'LeaveGroup' }, since: [added({ cleo: 'member' }, 4)] },
  ],
  ['leaving once more', { history: lunch, actorId: 'cleo', order: { type: 'LeaveGroup' }, since: [] }],
  [
    'giving a role that was taken away',
    {
      history: lunch,
      actorId: 'ada',
      order: { type: 'ChangeMemberRole', userId: 'cleo', role: 'admin' },
      since: [{ type: 'MemberRoleChanged', data: { userId: 'cleo', role: 'member' } }],
    },
  ],
  [
    'a name that was changed again',
    {
      history: lunch,
      actorId: 'cleo',
      order: { type: 'RenameMember', userId: 'cleo', name: 'Cleopatra' },
      since: [{ type: 'MemberRenamed', data: { userId: 'cleo', name: 'Queen' } }],
    },
  ],
  [
    'sending, by one who was removed',
    {
      history: twoMessages,
      actorId: 'cleo',
      order: { type: 'SendMessage', messageId: 'm-3', text: 'Hello', mentions: [] },
      since: [...gone('cleo'), edited(3, 'Goodbye')],
    },
  ],
  [
    'editing what was edited again',
    {
      history: twoMessages,
      actorId: 'cleo',
      order: { type: 'EditMessage', messageId: 'm-1', text: 'Hello' },
      since: [edited(1, 'Goodbye')],
    },
  ],
  [
    'editing what was deleted',
    {
      history: twoMessages,
      actorId: 'cleo',
      order: { type: 'EditMessage', messageId: 'm-1', text: 'Hello' },
      since: [deleted(1)],
    },
  ],
  [
    'deleting, by one who was removed',
    {
      history: twoMessages,
      actorId: 'cleo',
      order: { type: 'DeleteMessage', messageId: 'm-1' },
      since: gone('cleo'),
    },
  ],
  [
    'a reaction that was taken back',
    {
      history: twoMessages,
      actorId: 'dan',
      order: { type: 'AddReaction', messageId: 'm-1', emoji: '👍' },
      since: [unreacted(1, 'dan')],
    },
  ],
  [
    'taking back a reaction that was given again',
    {
      history: [...twoMessages, reacted(1, 'dan')],
      actorId: 'dan',
      order: { type: 'RemoveReaction', messageId: 'm-1', emoji: '👍' },
      since: [reacted(1, 'dan')],
    },
  ],
];

describe.each(undone)('%s', (_, before) => {
  const { position, state } = groupAfter(before);

  test('is answered as it was', () => {
    whenAgain(state, commanded(before.actorId, before.order)).then({ repeated: { position } });
  });

  test('is another command under another id, or by somebody else', () => {
    const anew = groupDecider.decide(commanded(before.actorId, before.order, 'c-2'), state, undefined);
    const isSent = before.order.type === 'SendMessage';
    expect(isRepeated(anew)).toBe(isSent);
    const other = groupDecider.decide(commanded('bob', before.order), state, undefined);
    expect(isRepeated(other)).toBe(false);
  });

  test('refuses another content under the same id, and does not hear of ids that no client chose', () => {
    const otherwise: GroupOrder = { type: 'RenameGroup', name: 'Something else' };
    whenAgain(state, commanded(before.actorId, otherwise)).then({ kind: 'command-id-taken' });
    const unchosen = groupDecider.decide(by(before.actorId, otherwise, 'c-1'), state, undefined);
    expect(unchosen).not.toEqual({ refused: { kind: 'command-id-taken' } });
  });
});

describe('a command that was broken off between its appends', () => {
  const people = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ userId: `user-${first + index}` }));
  const addMany: GroupOrder = { type: 'AddMembers', members: people(0, 2_500) };
  const createMany: GroupOrder = { ...create, members: people(0, 2_500) };
  const idsAdded = (decision: ReturnType<typeof groupDecider.decide>): readonly string[] => {
    if (isRefused(decision) || isRepeated(decision)) throw new Error('it is to go on');
    return decision.flatMap((event) =>
      event.type === 'MembersAdded' ? event.data.members.map(({ userId }) => userId) : [],
    );
  };
  const ids = (first: number, count: number) => people(first, count).map(({ userId }) => userId);

  test('adds who is missing, and nobody again who has left since', () => {
    const since = [left('user-3', 1_003)];
    const { state } = groupAfter({ history: lunch, actorId: 'ada', order: addMany, stored: 1, since });
    const decision = groupDecider.decide(commanded('ada', addMany), state, undefined);
    expect(idsAdded(decision)).toEqual(ids(1_000, 1_500));
  });

  test('creates the rest of a group that was renamed since', () => {
    const since = [renamed('Dinner'), left('user-3', 999)];
    const { state } = groupAfter({ history: [], actorId: 'ada', order: createMany, stored: 2, since });
    const decision = groupDecider.decide(commanded('ada', createMany), state, undefined);
    expect(idsAdded(decision)).toEqual(ids(999, 1_501));
  });

  test('creates a group of which nothing but its creation is there', () => {
    const { state } = groupAfter({ history: [], actorId: 'ada', order: createMany, stored: 1, since: [] });
    const decision = groupDecider.decide(commanded('ada', createMany), state, undefined);
    expect(idsAdded(decision)).toEqual(['ada', ...ids(0, 2_500)]);
  });

  test('needs the rights of now to go on', () => {
    const { state } = groupAfter({ history: lunch, actorId: 'bob', order: addMany, stored: 1, since: gone('bob', 0) });
    whenAgain(state, commanded('bob', addMany)).then({ kind: 'no-longer-a-member' });
    const abandoned = groupAfter({ history: [], actorId: 'ada', order: createMany, stored: 2, since: gone('ada', 0) });
    whenAgain(abandoned.state, commanded('ada', createMany)).then({ kind: 'group-exists' });
  });

  test('names who is on the list twice where they come first', () => {
    const twice: GroupOrder = {
      type: 'AddMembers',
      members: [...people(0, 1_000), ...people(0, 3), ...people(1_000, 2)],
    };
    const since = [left('user-1', 1_003)];
    const { state } = groupAfter({ history: lunch, actorId: 'ada', order: twice, stored: 1, since });
    expect(idsAdded(groupDecider.decide(commanded('ada', twice), state, undefined))).toEqual(ids(1_000, 2));
  });

  test('refuses another content under its id', () => {
    const { state } = groupAfter({ history: lunch, actorId: 'ada', order: addMany, stored: 1, since: [] });
    whenAgain(state, commanded('ada', create)).then({ kind: 'command-id-taken' });
  });
});

test('a group that was created is known, whoever is on its list', () => {
  const { state } = groupAfter({ history: [], actorId: 'ada', order: create, since: [created('Never')] });
  expect(state.commands.byId.get('ada c-1')).toMatchObject({ position: 1, addedUpTo: null });
});
