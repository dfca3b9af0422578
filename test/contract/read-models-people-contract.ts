import { expect, test } from 'vitest';
import { hashCreation } from '../../src/events/text-hash.ts';
import type { KeyRange } from '../../src/ports/pages.ts';
import { memberRows } from './everything-shown.ts';
import type { ReadModelsFixture } from './read-models-contract.ts';
import { History, momentAt } from './read-models-history.ts';

/** Groups, members and inboxes. */
export function peopleContract(fixture: ReadModelsFixture): void {
  test('a group row says its name, size, newest message and how far its streams are projected', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Old name', ['ada', 'bob', 'cyd']);
    const createdAt = momentAt(0);
    const leftAt = momentAt(await history.renameGroup('g', 'New name').leave('g', 'cyd').apply(writer));
    const row = {
      groupId: 'g',
      name: 'New name',
      createdAt,
      memberCount: 2,
      lastSeq: 0,
      lastMessageAt: null,
      creationHash: hashCreation('actor', 'Old name'),
    };
    expect(await readModels.groups(['g', 'unknown'])).toEqual([
      { ...row, version: 3, readsVersion: -1, lastAt: leftAt },
    ]);
    const sentAt = momentAt(await history.send('g', 'ada', 'one').apply(writer));
    const lastAt = momentAt(await history.edit('g', 1, 'edited').mark('g', 'bob', 1).apply(writer));
    expect(await readModels.groups(['g'])).toEqual([
      { ...row, lastSeq: 1, lastMessageAt: sentAt, version: 5, readsVersion: 0, lastAt },
    ]);
  });

  test('roles and names of members change, and those of a returner are those of the return', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('g', 'Group', ['ada', 'bob']);
    await history.setRole('g', 'bob', 'admin').renameMember('g', 'bob', 'Bobby').apply(writer);
    expect(await memberRows(readModels, 'g', 'bob', 'nobody')).toMatchObject([{ name: 'Bobby', role: 'admin' }]);
    const left = await history.send('g', 'ada', 'one').leave('g', 'bob').apply(writer);
    expect(await memberRows(readModels, 'g', 'bob')).toMatchObject([{ active: false, stays: [{ from: 0, to: 1 }] }]);
    const returned = await history.send('g', 'ada', 'two').joinAs('g', 'owner', 'bob').apply(writer);
    expect(returned).toBeGreaterThan(left);
    expect(await memberRows(readModels, 'g', 'bob')).toEqual([
      {
        ...{ groupId: 'g', userId: 'bob', name: 'BOB', role: 'owner', active: true, joinedAt: momentAt(returned) },
        stays: [
          { from: 0, to: 1 },
          { from: 2, to: null },
        ],
        markedUpTo: 0,
      },
    ]);
  });

  test('pages of members go by user id and leave out those who have gone', async () => {
    const { writer, readModels } = fixture;
    await new History().create('g', 'Group', ['d', 'a', 'e', 'c', 'b']).leave('g', 'c').apply(writer);
    const page = async (after: string | undefined) =>
      (await readModels.membersPage('g', { after, limit: 2 })).map(({ userId }) => userId);
    expect(await page(undefined)).toEqual(['a', 'b']);
    expect(await page('b')).toEqual(['d', 'e']);
    expect(await page('e')).toEqual([]);
    const ids = async (range: KeyRange) =>
      (await readModels.membersPage('g', range)).map(({ userId }) => userId).join(' ');
    expect(await ids({ limit: 2, last: true })).toBe('d e');
    expect(await ids({ before: 'd', limit: 2, last: true })).toBe('a b');
    expect(await ids({ before: 'd', limit: 1, last: true })).toBe('b');
    expect(await ids({ before: 'e', limit: 9 })).toBe('a b d');
    expect(await ids({ after: 'a', before: 'e', limit: 1 })).toBe('b');
    expect(await ids({ after: 'a', before: 'e', limit: 1, last: true })).toBe('d');
    expect(await ids({ after: 'd', before: 'b', limit: 9 })).toBe('');
  });

  test('an inbox goes by the newest message or the creation, across groups, without those that were left', async () => {
    const { writer, readModels } = fixture;
    const history = new History().create('first', 'First', ['ada', 'bob']).create('second', 'Second', ['ada', 'bob']);
    history.create('third', 'Third', ['ada', 'bob']).create('others', 'Others', ['bob']);
    history.create('left', 'Left', ['ada', 'bob']).leave('left', 'ada');
    const sent = await history.send('first', 'bob', 'up').apply(writer);
    await history.edit('first', 1, 'again').mark('second', 'ada', 1).renameGroup('second', 'Renamed').apply(writer);
    const page = await readModels.inboxPage('ada', undefined, 2);
    expect(page.map(({ group }) => group.groupId)).toEqual(['first', 'third']);
    expect(page[0]).toMatchObject({
      activityPosition: sent,
      member: { userId: 'ada', groupId: 'first', markedUpTo: 0 },
    });
    const rest = await readModels.inboxPage('ada', page[1]?.activityPosition, 2);
    expect(rest.map(({ group }) => group.name)).toEqual(['Renamed']);
    expect(await readModels.inboxPage('ada', rest[0]?.activityPosition, 2)).toEqual([]);
    const ofBob = await readModels.inboxPage('bob', undefined, 9);
    expect(ofBob.map(({ group }) => group.groupId)).toEqual(['first', 'left', 'others', 'third', 'second']);
  });
}
