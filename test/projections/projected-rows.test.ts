import { beforeEach, describe, expect, test } from 'vitest';
import { startOfLog } from '../../src/ports/event-log.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';
import type { ChangedGroup, ReadModelWriter, RowKeys } from '../../src/ports/row-store.ts';
import type { Change } from '../../src/projections/changes.ts';
import { createProjectedRows, type ProjectedRows } from '../../src/projections/projected-rows.ts';
import { History } from '../contract/read-models-history.ts';
import { createWriter } from './projection-under-test.ts';

/** What the store is asked for, call by call. */
let asked: { readonly groups: readonly string[] } | { readonly rows: readonly RowKeys[] } | undefined;
let loads: NonNullable<typeof asked>[];
let store: ReadModelWriter;
let made: ReturnType<typeof createWriter>;
let rows: ProjectedRows;

beforeEach(() => {
  loads = [];
  made = createWriter();
  store = {
    ...made.writer,
    loadGroups: async (groups) => {
      loads.push({ groups: [...groups] });
      return made.writer.loadGroups(groups);
    },
    loadRows: async (keys) => {
      loads.push({ rows: keys });
      return made.writer.loadRows(keys);
    },
  };
  rows = createProjectedRows(store);
});

const at = (position: number) => ({ position, event: undefined });
const noKeys = { seqs: [], reactions: [], countedSeqs: [] };

/** Applies what has happened since the last time, and gives what was written for it. */
async function apply(history: History): Promise<readonly ChangedGroup[]> {
  const { changes, position } = history;
  history.changes = [];
  await rows.apply(changes, at(position));
  return made.commits.at(-1)?.groups ?? [];
}

const only = ([first, ...others]: readonly ChangedGroup[]): ChangedGroup => {
  expect(others).toEqual([]);
  return first ?? expect.fail('no group was written');
};

describe('what is loaded', () => {
  test('are groups and people that are not known, once, however often they come', async () => {
    const history = new History().create('g', 'G', ['ada', 'bob']);
    await apply(history.send('g', 'ada', 'one').mark('g', 'bob', 1));
    expect(loads).toEqual([{ groups: ['g'] }, { rows: [{ groupId: 'g', userIds: ['ada', 'bob'], ...noKeys }] }]);
    await apply(history.send('g', 'bob', 'two').mark('g', 'ada', 2).renameGroup('g', 'H'));
    expect(loads).toHaveLength(2);
    await apply(history.join('g', 'cyd').mark('g', 'bob', 2).create('h', 'H', ['ada']));
    expect(loads.slice(2)).toEqual([
      { groups: ['h'] },
      {
        rows: [
          { groupId: 'g', userIds: ['cyd'], ...noKeys },
          { groupId: 'h', userIds: ['ada'], ...noKeys },
        ],
      },
    ]);
  });

  test('are no rows that the batch brings itself: a message beyond the newest one, and what is done with it', async () => {
    const history = new History().create('g', 'G', ['ada']);
    await apply(history.send('g', 'ada', 'one').edit('g', 1, 'uno').react('g', 1, 'ada', '👍').delete('g', 1));
    expect(loads).toEqual([{ groups: ['g'] }, { rows: [{ groupId: 'g', userIds: ['ada'], ...noKeys }] }]);
  });

  test('are messages that were there before, with the one reaction and its counts that a change is about', async () => {
    const history = new History().create('g', 'G', ['ada', 'bob']).send('g', 'ada', 'one').send('g', 'ada', 'two');
    await apply(history.react('g', 1, 'bob', '🎉'));
    loads = [];
    await apply(history.edit('g', 2, 'dos').react('g', 1, 'ada', '👍').unreact('g', 1, 'ada', '👍'));
    const reactions = [{ seq: 1, emoji: '👍', userId: 'ada' }];
    expect(loads).toEqual([{ rows: [{ groupId: 'g', userIds: [], seqs: [2], reactions, countedSeqs: [1] }] }]);
    loads = [];
    await apply(history.edit('g', 2, 'due'));
    expect(loads).toEqual([{ rows: [{ groupId: 'g', userIds: [], seqs: [2], reactions: [], countedSeqs: [] }] }]);
  });

  test('is nothing again of one who is known not to be there', async () => {
    const history = new History().create('g', 'G', ['ada']).send('g', 'ada', 'one');
    await apply(history.mark('g', 'stranger', 1));
    loads = [];
    await apply(history.mark('g', 'stranger', 1));
    expect(loads).toEqual([]);
  });
});

describe('what is written', () => {
  test('is each row once a batch, as it was before and as it is after', async () => {
    const history = new History().create('g', 'G', ['ada', 'bob']).send('g', 'ada', 'one');
    const first = only(await apply(history));
    expect(first.group.before).toBeUndefined();
    expect(first.messages.map(({ before }) => before)).toEqual([undefined]);
    history
      .mark('g', 'bob', 1)
      .edit('g', 1, 'uno')
      .edit('g', 1, 'eins')
      .send('g', 'bob', 'two')
      .send('g', 'bob', 'three');
    history.react('g', 1, 'ada', '👍').unreact('g', 1, 'ada', '👍').react('g', 1, 'bob', '👍');
    const second = only(await apply(history));
    expect(second.group).toMatchObject({ before: first.group.after, after: { lastSeq: 3 } });
    expect(second.members).toMatchObject([
      { before: { userId: 'bob', markedUpTo: 0 }, after: { userId: 'bob', markedUpTo: 3 } },
    ]);
    expect(second.messages).toMatchObject([
      { before: first.messages[0]?.after, after: { seq: 1, text: 'eins' } },
      { before: undefined, after: { seq: 2 } },
      { before: undefined, after: { seq: 3 } },
    ]);
    expect(second.reactions.map(({ after }) => `${after.userId} ${after.present}`)).toEqual(['ada false', 'bob true']);
    expect(second.reactionCounts).toMatchObject([
      { before: undefined, after: { counts: [{ emoji: '👍', count: 1 }] } },
    ]);
    expect(second.marks).toMatchObject([{ userId: 'bob', upTo: [1, 2, 3] }]);
    expect(second.rewrites.map(({ text }) => text)).toEqual(['uno', 'eins']);
  });

  test('of a command with several events is the newest alone, and of two commands both', async () => {
    const key = { actorId: 'ada', commandId: 'c', digest: 'd' };
    const history = new History().by({ ...key, continues: true }).create('g', 'G');
    history
      .by({ ...key, continues: true })
      .join('g', 'ada', 'bob')
      .by(key)
      .join('g', 'cyd');
    const { commands } = only(await apply(history.by({ ...key, actorId: 'bob' }).renameGroup('g', 'H')));
    expect(commands).toMatchObject([
      { actorId: 'ada', addedUpTo: null },
      { actorId: 'bob', addedUpTo: null },
    ]);
  });

  test('is nothing where nothing has changed, but for the checkpoint', async () => {
    const history = new History().create('g', 'G', ['ada']).send('g', 'ada', 'one');
    const { changes, position } = history;
    await apply(history);
    const again = changes.filter(({ type }) => type !== 'advanceMark');
    await rows.apply(
      again.filter(({ type }) => type === 'putGroup' || type === 'putMember'),
      at(position + 1),
    );
    expect(made.commits.at(-1)).toEqual({ groups: [], checkpoint: at(position + 1) });
  });

  test('of a text that was replaced is told again with its batch, whatever the row says already', async () => {
    const history = new History().create('g', 'G', ['ada']).send('g', 'ada', 'one').delete('g', 1);
    const { changes, position } = history;
    await apply(history);
    await createProjectedRows(store).apply(changes, at(position));
    const { messages, rewrites } = only(made.commits.at(-1)?.groups ?? []);
    expect({ messages, rewrites }).toMatchObject({ messages: [], rewrites: [{ seq: 1, text: null }] });
  });
});

describe('how far a group is', () => {
  test('goes with the checkpoint, or with its own events where those are beyond', async () => {
    const history = new History().create('g', 'G', ['ada']);
    const { changes, position } = history;
    await rows.apply(changes, at(position + 7));
    expect(made.commits.at(-1)?.groups[0]?.upTo).toBe(position + 7);
    // Applied group by group, before the checkpoint.
    await createProjectedRows(createWriter().writer).apply(changes, at(startOfLog));
    const apart = createWriter();
    await createProjectedRows(apart.writer).apply(changes, at(startOfLog));
    expect(apart.commits[0]?.groups[0]?.upTo).toBe(position);
  });

  test('is before its halt, whatever the checkpoint; and the checkpoint again once it goes on', async () => {
    const history = new History().create('g', 'G', ['ada']);
    await apply(history);
    const halt = { groupId: 'g', position: 20 };
    await rows.apply([{ type: 'haltGroup', ...halt, reason: 'not JSON' }], at(50));
    expect(made.commits.at(-1)?.groups[0]).toMatchObject({ upTo: 19, group: { after: { haltedAt: 20 } } });
    await rows.apply([{ type: 'resumeGroup', ...halt, position: 60 }], at(60));
    expect(made.commits.at(-1)?.groups[0]).toMatchObject({ upTo: 60, group: { after: { haltedAt: null } } });
  });
});

describe('what is known', () => {
  const groups = async (...groupIds: string[]) => (await rows.groups(groupIds)).map(({ name }) => name);

  test('of groups is what was committed, and nothing of those that are not there', async () => {
    const history = new History().create('g', 'G', ['ada']);
    expect(await groups('g', 'h')).toEqual([]);
    await apply(history);
    expect(await groups('h', 'g')).toEqual(['G']);
    expect(loads.filter((load) => 'groups' in load)).toEqual([{ groups: ['g', 'h'] }]);
  });

  test('is let go of where anything is thrown: nothing of a batch that failed is taken for stored', async () => {
    const history = new History().create('g', 'G', ['ada']).send('g', 'ada', 'one');
    await apply(history);
    const asItWas = structuredClone(made.rows.groups);
    made.failures.push(new ReadModelsUnavailable('by order of the test'));
    const { changes, position } = history.renameGroup('g', 'Anew').leave('g', 'ada').edit('g', 1, 'uno');
    await expect(rows.apply(changes, at(position))).rejects.toThrow(ReadModelsUnavailable);
    expect(made.rows.groups).toEqual(asItWas);
    expect(await groups('g')).toEqual(['G']);
    loads = [];
    await rows.apply(changes, at(position));
    expect(loads).toEqual([{ rows: [{ groupId: 'g', userIds: ['ada'], ...noKeys, seqs: [1] }] }]);
    expect(await groups('g')).toEqual(['Anew']);
    expect(made.rows.groups.get('g')?.members.get('ada')?.active).toBe(false);
  });

  test('is bounded: past so many people all are let go, and loaded when they come again', async () => {
    rows = createProjectedRows(store, 300);
    const join = (index: number): Change => ({
      ...{ type: 'putMember', groupId: 'g', userId: `u-${index}`, name: 'U', role: 'member' },
      ...{ afterSeq: 0, at: '2026-01-01T00:00:00.000Z', position: 1 },
    });
    await rows.apply(
      Array.from({ length: 150 }, (_, index) => join(index)),
      at(1),
    );
    await groups('g');
    expect(loads.filter((load) => 'groups' in load)).toHaveLength(1);
    await rows.apply(
      Array.from({ length: 151 }, (_, index) => join(150 + index)),
      at(1),
    );
    await groups('g');
    expect(loads.filter((load) => 'groups' in load)).toHaveLength(2);
    // From then on it is counted anew.
    await rows.apply([join(0)], at(1));
    await groups('g');
    expect(loads.filter((load) => 'groups' in load)).toHaveLength(2);
  });
});
