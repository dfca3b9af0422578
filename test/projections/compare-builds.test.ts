import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { History } from '../contract/read-models-history.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import type { GroupRows } from '../fakes/in-memory-rows.ts';
import { build, compare, contentsOf, history } from './compared-builds.ts';

/** Every map of rows that a group has; a row is replaced through `set`. */
const tablesOf = ({ members, marks, messages, reactions, ...rest }: GroupRows) =>
  [
    members,
    marks,
    messages,
    reactions,
    rest.reactionCounts,
    rest.mentions,
    rest.mentionsOfAll,
    rest.commands,
  ] as unknown as Map<string | number, Record<string, unknown>>[];

/** The same kind of value, and another one. */
function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return value.length > 0 ? value.slice(1) : ['x'];
  return value === null ? 'x' : null;
}

describe('two builds of one history', () => {
  test('compare equal, however each was cut into batches, with every row counted', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(fc.array(fc.nat(40)), fc.array(fc.nat(40)), async (ends, otherEnds) => {
        const [before, after] = [await build(history(), ...ends), await build(history(), ...otherEnds)];
        const comparison = await compare(contentsOf(before), contentsOf(after));
        expect(comparison).toMatchObject({ groups: 2, differences: [], neverStill: [] });
        expect(comparison.rows).toEqual({
          ...{ group: 2, member: 5, message: 4, mark: 6, reaction: 2, reactionCounts: 2 },
          ...{ mention: 2, mentionOfAll: 2, command: 1 },
        });
      }),
      { numRuns: 40 },
    );
  });

  test('of more groups than a page are compared to the last of them', async () => {
    const told = new History();
    for (let index = 0; index < 510; index += 1) told.create(`g-${String(index).padStart(3, '0')}`, 'Lunch');
    const [before, after] = [await build(told), await build(told)];
    expect(await compare(contentsOf(before), contentsOf(after))).toMatchObject({ groups: 510, differences: [] });
    const last = after.groups.get('g-509') ?? expect.fail();
    last.group = { ...last.group, memberCount: 7 };
    const { differences } = await compare(contentsOf(before), contentsOf(after));
    expect(differences).toMatchObject([{ groupId: 'g-509' }]);
  });

  test('that differ in nothing but how far the marks are were not looked at in one place', async () => {
    const [before, after] = [await build(history()), await build(history())];
    const group = after.groups.get('g') ?? expect.fail();
    group.group = { ...group.group, readsVersion: group.group.readsVersion + 1 };
    const { groups, differences } = await compare(contentsOf(before), contentsOf(after));
    expect([groups, differences.length]).toEqual([1, 1]);
  });

  test('have one checksum, and other histories another', async () => {
    const sum = async (told: History) =>
      (await compare(contentsOf(await build(told)), contentsOf(await build(told)))).checksum;
    expect(await sum(history())).toBe(await sum(history()));
    expect(await sum(history())).not.toBe(await sum(history().react('g', 2, 'ada', '👍')));
  });
});

describe('one change of one row', () => {
  const [anyPlace, anyGroup] = [
    fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    fc.constantFrom('g', 'h'),
  ];
  const choose = <Item>(items: readonly Item[], place: number): Item =>
    items[Math.floor(place * items.length)] ?? expect.fail('nothing to choose from');

  test('is found, whatever the row and the field, in the group or in any other row', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(anyGroup, anyPlace, anyPlace, anyPlace, async (groupId, table, place, fieldPlace) => {
        const [before, after] = [await build(history()), await build(history())];
        const group = after.groups.get(groupId) ?? expect.fail('no such group');
        const tables = tablesOf(group).filter(({ size }) => size > 0);
        const ofGroup = table < 1 / (tables.length + 1);
        const rows = choose(tables, table);
        const key = choose([...rows.keys()], place);
        const row = ofGroup ? { ...group.group } : { ...rows.get(key) };
        const field = choose(Object.keys(row), fieldPlace);
        const spoiled = { ...row, [field]: changed(row[field as keyof typeof row]) };
        if (ofGroup) group.group = spoiled as GroupRows['group'];
        else rows.set(key, spoiled);
        const { differences } = await compare(contentsOf(before), contentsOf(after), { rounds: 2 });
        expect(differences).toHaveLength(1);
        const isEnd = ofGroup && ['version', 'readsVersion'].includes(field);
        expect(differences[0]).toMatchObject({ groupId, ...(isEnd ? { field: 'version' } : { field }) });
      }),
    );
  });

  test('is found where a row is missing, on either side', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(anyGroup, anyPlace, anyPlace, fc.boolean(), async (groupId, table, place, isBefore) => {
        const [before, after] = [await build(history()), await build(history())];
        const group = (isBefore ? before : after).groups.get(groupId) ?? expect.fail('no such group');
        const rows = choose(
          tablesOf(group).filter(({ size }) => size > 0),
          table,
        );
        rows.delete(choose([...rows.keys()], place));
        const { differences } = await compare(contentsOf(before), contentsOf(after));
        const sides = isBefore ? { before: 'missing', after: 'there' } : { before: 'there', after: 'missing' };
        expect(differences).toMatchObject([{ groupId, field: undefined, ...sides }]);
      }),
    );
  });

  test('is found where a whole group is missing, on either side, or halted', async () => {
    const whole = contentsOf(await build(history()));
    const without = await build(history());
    without.groups.delete('g');
    const missing = { groupId: 'g', kind: 'group', key: 'g', field: undefined };
    const there = 'version 6, reads 0';
    expect((await compare(whole, contentsOf(without), { rounds: 1 })).differences).toEqual([
      { ...missing, before: there, after: 'missing' },
    ]);
    expect((await compare(contentsOf(without), whole, { rounds: 1 })).differences).toEqual([
      { ...missing, before: 'missing', after: there },
    ]);
    const halted = await build(history());
    const group = halted.groups.get('h') ?? expect.fail();
    group.group = { ...group.group, haltedAt: 99, haltReason: 'not JSON' };
    expect((await compare(contentsOf(halted), whole)).differences).toMatchObject([
      { field: 'haltedAt', before: '99', after: 'null' },
      { field: 'haltReason' },
    ]);
  });

  test('is told without what people wrote or are called', async () => {
    const after = await build(history());
    const { messages, members } = after.groups.get('g') ?? expect.fail();
    const [message, ada] = [messages.get(2) ?? expect.fail(), members.get('ada') ?? expect.fail()];
    messages.set(2, { ...message, text: 'otherwise' });
    members.set('ada', { ...ada, name: 'Countess' });
    const { differences } = await compare(contentsOf(await build(history())), contentsOf(after));
    expect(differences.map(({ kind, key, field }) => `${kind} ${key} ${field}`)).toEqual([
      'member ada name',
      'message 000000002 text',
    ]);
    expect(differences[1]).toMatchObject({
      before: expect.stringMatching(/^12 characters, SHA-256 [0-9a-f]{16}…$/),
      after: expect.stringMatching(/^9 characters, SHA-256 [0-9a-f]{16}…$/),
    });
    for (const secret of ['secret', 'otherwise', 'Countess', 'ADA'])
      expect(JSON.stringify(differences)).not.toContain(secret);
  });

  test('stands in a list that is bounded, and says that it goes on', async () => {
    const told = new History();
    for (let index = 0; index < 80; index += 1) told.create(`g-${index}`, 'Lunch', ['ada']);
    const [before, after] = [await build(told), await build(told)];
    for (const stored of after.groups.values()) stored.group = { ...stored.group, memberCount: 7 };
    const { differences, ...found } = await compare(contentsOf(before), contentsOf(after));
    expect(differences).toHaveLength(50);
    expect(found).toMatchObject({ differentGroups: 80, hasMoreDifferences: true, groups: 80 });
    const large = await build(history());
    const { members } = large.groups.get('g') ?? expect.fail();
    for (let index = 0; index < 30; index += 1) members.set(`x-${index}`, members.get('ada') ?? expect.fail());
    const inOne = await compare(contentsOf(await build(history())), contentsOf(large));
    expect(inOne.differences).toHaveLength(10);
    expect(inOne).toMatchObject({ differentGroups: 1, hasMoreDifferences: true });
  });
});
