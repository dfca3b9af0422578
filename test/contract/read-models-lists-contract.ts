import { expect, test } from 'vitest';
import { namePrefix } from '../../src/ports/name-keys.ts';
import type { NamedMember, ReactionKey } from '../../src/ports/rows.ts';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History } from './read-models-history.ts';

/** Names to complete, what is unread, and who reacted. */
export function listsContract(fixture: ReadModelsFixture): void {
  namesContract(fixture);
  unreadContract(fixture);
  mentionCountsContract(fixture);
  reactionMembersContract(fixture);
}

/** Members by the names that they are given here: ids are of no help in finding them. */
async function named(fixture: ReadModelsFixture, names: Readonly<Record<string, string>>) {
  const history = new History().create('g', 'Group', Object.keys(names)).create('h', 'Other', Object.keys(names));
  for (const [userId, name] of Object.entries(names)) history.renameMember('g', userId, name);
  await history.apply(fixture.writer);
  const found = async (query: string, after?: NamedMember, limit = 99) => {
    const key = after && { nameKey: after.nameKey, userId: after.member.userId };
    return fixture.readModels.membersByName('g', namePrefix(query), key, limit);
  };
  const ids = async (query: string) => (await found(query)).map(({ member }) => member.userId);
  return { history, found, ids };
}

function namesContract(fixture: ReadModelsFixture): void {
  test('members are found by what any word of their name begins with, without regard to case or accents', async () => {
    const { ids, found } = await named(fixture, {
      ...{ u1: 'Ada King', u2: 'Émile Zola', u3: 'emil', u4: 'Kim Adams', u5: '東京 太郎', u6: '🦊', u7: "O'Hara" },
    });
    expect(await ids('ad')).toEqual(['u1', 'u4']);
    expect(await ids('KI')).toEqual(['u4', 'u1']);
    expect(await ids('ada k')).toEqual(['u1']);
    expect(await ids('ada  KING')).toEqual(['u1']);
    expect(await ids('king a')).toEqual([]);
    expect(await ids('emil')).toEqual(['u3', 'u2']);
    expect(await ids('É')).toEqual(['u3', 'u2']);
    expect(await ids('太')).toEqual(['u5']);
    expect(await ids('🦊')).toEqual(['u6']);
    expect(await ids('hara')).toEqual(['u7']);
    expect(await ids("o'h")).toEqual(['u7']);
    expect(await ids('da')).toEqual([]);
    expect(await ids('%')).toEqual([]);
    expect(await found('ada')).toMatchObject([
      { nameKey: 'ada king', member: { groupId: 'g', userId: 'u1', name: 'Ada King', active: true } },
      { nameKey: 'adams', member: { userId: 'u4' } },
    ]);
    expect(await fixture.readModels.membersByName('unknown', 'a', undefined, 9)).toEqual([]);
  });

  test('pages of names hold everybody once, also who has several words that begin so, and people of one name', async () => {
    const names = Object.fromEntries(
      Array.from({ length: 25 }, (_, index) => [`u${index}`, ['Ann Anders', 'Ann', 'Bo Ann Anne'][index % 3] ?? '']),
    );
    const { found } = await named(fixture, names);
    const all = await found('an');
    expect(all).toHaveLength(25);
    const order = all.map(({ nameKey, member }) => `${nameKey}\u0000${member.userId}`);
    expect(order).toEqual(order.toSorted());
    expect(new Set(all.map(({ member }) => member.userId)).size).toBe(25);
    const paged: NamedMember[] = [];
    for (let page = await found('an', undefined, 4); page.length > 0; page = await found('an', paged.at(-1), 4)) {
      paged.push(...page);
    }
    expect(paged).toEqual(all);
    expect(await found('an', undefined, 0)).toEqual([]);
  });

  test('names follow renaming, leaving and returning, again and again', async () => {
    const { history, ids } = await named(fixture, { u1: 'Ada', u2: 'Bob' });
    const apply = () => history.apply(fixture.writer);
    await history.renameMember('g', 'u1', 'Cleo').apply(fixture.writer);
    expect([await ids('ada'), await ids('cl')]).toEqual([[], ['u1']]);
    history.renameMember('g', 'u1', 'Dora').renameMember('g', 'u1', 'Ada');
    await apply();
    expect([await ids('ada'), await ids('cl'), await ids('do')]).toEqual([['u1'], [], []]);
    history.leave('g', 'u1');
    await apply();
    expect(await ids('ada')).toEqual([]);
    history.join('g', 'u1');
    await apply();
    // As the name of the return says.
    expect([await ids('ada'), await ids('u1')]).toEqual([[], ['u1']]);
    history.renameMember('g', 'u1', 'Ada').leave('g', 'u1');
    await apply();
    expect([await ids('ada'), await ids('u1'), await ids('bob')]).toEqual([[], [], ['u2']]);
  });

  test('a long name is found by its first words, and by as much of them as is kept', async () => {
    const long = 'x'.repeat(500);
    const words = Array.from({ length: 40 }, (_, index) => `word${String(index).padStart(2, '0')}`).join(' ');
    const { ids } = await named(fixture, { u1: long, u2: words, u3: `${'y'.repeat(63)}😀z` });
    expect(await ids('xxx')).toEqual(['u1']);
    expect(await ids(long)).toEqual(['u1']);
    expect(await ids('word07')).toEqual(['u2']);
    expect(await ids('word08')).toEqual([]);
    expect(await ids('y'.repeat(63))).toEqual(['u3']);
  });
}

function unreadContract(fixture: ReadModelsFixture): void {
  test('groups with something unread are those with messages after the mark and the beginning of the stay', async () => {
    const { writer, readModels } = fixture;
    const history = new History();
    for (const groupId of ['read', 'unread', 'silent', 'late', 'left', 'back', 'own']) {
      history.create(groupId, 'Group', ['bob']);
      if (groupId !== 'late') history.join(groupId, 'ada');
    }
    history.create('others', 'Group', ['bob']).send('others', 'bob', 'one');
    for (const groupId of ['read', 'unread', 'late', 'left', 'back']) {
      history.send(groupId, 'bob', 'one').send(groupId, 'bob', 'two').send(groupId, 'bob', 'three');
    }
    history.mark('read', 'ada', 3).mark('unread', 'ada', 1).join('late', 'ada').leave('left', 'ada');
    history.leave('back', 'ada').send('back', 'bob', 'four').join('back', 'ada').send('back', 'bob', 'five');
    history.send('own', 'ada', 'mine').delete('unread', 3);
    await history.apply(writer);
    const unread = async () =>
      (await readModels.unreadGroups('ada')).toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
    expect(await unread()).toEqual([
      { groupId: 'back', afterSeq: 4, lastSeq: 5 },
      // What was deleted is counted, as everywhere.
      { groupId: 'unread', afterSeq: 1, lastSeq: 3 },
    ]);
    await history.send('late', 'bob', 'four').mark('unread', 'ada', 3).mark('back', 'ada', 5).apply(writer);
    expect(await unread()).toEqual([{ groupId: 'late', afterSeq: 3, lastSeq: 4 }]);
    expect(await readModels.unreadGroups('nobody')).toEqual([]);
    const position = history.position + 1;
    await writer.apply([{ type: 'haltGroup', groupId: 'late', position, reason: 'not JSON' }], position);
    expect(await unread()).toEqual([]);
  });
}

function mentionCountsContract(fixture: ReadModelsFixture): void {
  test('mentions after a message are counted by group: by name and with everybody, each message once, not one’s own', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']).create('h', 'Other', ['ada', 'bob']);
    history.send('g', 'bob', 'one', { mentions: ['ada'] }).send('g', 'bob', 'two', { mentionsAll: true });
    history.send('g', 'bob', 'both', { mentions: ['ada'], mentionsAll: true }).send('g', 'bob', 'none');
    history.send('g', 'ada', 'mine', { mentions: ['ada', 'bob'], mentionsAll: true });
    await history
      .send('h', 'bob', 'one', { mentions: ['ada', 'bob'] })
      .delete('h', 1)
      .apply(writer);
    const counts = async (userId: string, g: number, limit = 99) =>
      (
        await readModels.mentionCounts(
          userId,
          [
            { groupId: 'g', seq: g },
            { groupId: 'h', seq: 0 },
            { groupId: 'unknown', seq: 0 },
          ],
          limit,
        )
      ).toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1));
    expect(await counts('ada', 0)).toEqual([
      { groupId: 'g', count: 3 },
      { groupId: 'h', count: 1 },
    ]);
    expect(await counts('ada', 1)).toMatchObject([{ count: 2 }, { count: 1 }]);
    expect(await counts('ada', 2)).toMatchObject([{ count: 1 }, { count: 1 }]);
    expect(await counts('ada', 3)).toEqual([{ groupId: 'h', count: 1 }]);
    expect(await counts('ada', 0, 2)).toMatchObject([{ count: 2 }, { count: 1 }]);
    expect(await counts('bob', 0)).toEqual([{ groupId: 'g', count: 1 }]);
    expect(await readModels.mentionCounts('ada', [], 99)).toEqual([]);
  });

  test('a group with very many mentions keeps no other from being counted to the last', async () => {
    const { writer, readModels } = fixture;
    const history = new History();
    const groupIds = Array.from({ length: 55 }, (_, index) => `g${String(index).padStart(2, '0')}`);
    for (const [index, groupId] of groupIds.entries()) {
      history.create(groupId, 'Group', ['ada', 'bob']);
      const mentions = index % 25 === 0 ? 120 : index % 3;
      for (let count = 0; count < mentions; count += 1) {
        history.send(groupId, 'bob', 'hey', count % 2 === 0 ? { mentions: ['ada'] } : { mentionsAll: true });
      }
    }
    await history.apply(writer);
    const keys = groupIds.map((groupId) => ({ groupId, seq: 0 }));
    const counts = new Map(
      (await readModels.mentionCounts('ada', keys, 100)).map(({ groupId, count }) => [groupId, count]),
    );
    const expected = groupIds.map((_, index) => (index % 25 === 0 ? 100 : index % 3));
    expect(groupIds.map((groupId) => counts.get(groupId) ?? 0)).toEqual(expected);
  });
}

function reactionMembersContract(fixture: ReadModelsFixture): void {
  const of = (seq: number, emoji: string): ReactionKey => ({ groupId: 'g', seq, emoji });

  test('who stands behind reactions is told by user id, of each a page, without who took theirs back', async () => {
    const { writer, readModels } = fixture;
    const userIds = Array.from({ length: 30 }, (_, index) => `u${String(index).padStart(2, '0')}`);
    const history = new History().create('g', 'Group', userIds).send('g', 'u00', 'one').send('g', 'u00', 'two');
    for (const userId of userIds.toReversed()) history.react('g', 1, userId, '👍');
    for (const userId of userIds.slice(0, 12)) history.unreact('g', 1, userId, '👍');
    await history.react('g', 1, 'u05', '🎉').react('g', 2, 'u07', '👍').react('g', 2, 'u06', '👍').apply(writer);
    const members = async (keys: Parameters<typeof readModels.reactionMembers>[0], limit: number) => {
      const rows = await readModels.reactionMembers(keys, limit);
      const byReaction = Map.groupBy(rows, ({ seq, emoji }) => `${seq} ${emoji}`);
      return Object.fromEntries([...byReaction].map(([key, own]) => [key, own.map(({ userId }) => userId).join(' ')]));
    };
    const all = [of(1, '👍'), of(1, '🎉'), of(2, '👍'), of(2, '🎉'), of(9, '👍'), { ...of(1, '👍'), groupId: 'x' }];
    expect(await members(all, 3)).toEqual({ '1 👍': 'u12 u13 u14', '1 🎉': 'u05', '2 👍': 'u06 u07' });
    expect(await members(all, 99)).toMatchObject({ '1 👍': userIds.slice(12).join(' '), '2 👍': 'u06 u07' });
    expect(await members([{ ...of(1, '👍'), afterUserId: 'u13' }], 3)).toEqual({ '1 👍': 'u14 u15 u16' });
    expect(await members([{ ...of(1, '👍'), afterUserId: 'u28' }], 3)).toEqual({ '1 👍': 'u29' });
    expect(await members([{ ...of(1, '👍'), afterUserId: 'u29' }], 3)).toEqual({});
    expect(await members([], 3)).toEqual({});
  });

  test('one’s own reactions are those that stand', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one');
    history.react('g', 1, 'ada', '👍').react('g', 1, 'bob', '👍').react('g', 1, 'ada', '🎉').react('g', 1, 'bob', '🙈');
    await history.unreact('g', 1, 'ada', '🎉').apply(writer);
    const keys = [of(1, '👍'), of(1, '🎉'), of(1, '🙈'), of(2, '👍'), { ...of(1, '👍'), groupId: 'x' }];
    expect(await readModels.ownReactions('ada', keys)).toEqual([of(1, '👍')]);
    expect((await readModels.ownReactions('bob', keys)).map(({ emoji }) => emoji).sort()).toEqual(['👍', '🙈'].sort());
    expect(await readModels.ownReactions('cyd', keys)).toEqual([]);
  });
}
