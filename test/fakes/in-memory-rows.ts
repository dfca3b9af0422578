import { isDeepStrictEqual } from 'node:util';
import { type Position, startOfLog } from '../../src/ports/event-log.ts';
import { type GroupSnapshot, type HaltedGroup, LeaseLost } from '../../src/ports/read-models.ts';
import type {
  ChangedGroup,
  ChangedRow,
  Checkpoint,
  Mention,
  MentionOfAll,
  ReadModelWriter,
  RowKeys,
  StoredCommand,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredReaction,
  StoredReactionCounts,
  StoredReadCounts,
} from '../../src/ports/row-store.ts';

/** The moment of a member's mark, in ISO 8601. */
export interface Mark {
  readonly userId: string;
  readonly upTo: number;
  readonly at: string;
}

/** All that one build holds of a group, by key. */
export interface GroupRows {
  group: StoredGroup;
  /** Everything of the group up to here is in these rows. */
  upTo: Position;
  readonly members: Map<string, StoredMember>;
  readonly marks: Map<string, Mark>;
  readonly messages: Map<number, StoredMessage>;
  readonly reactions: Map<string, StoredReaction>;
  readonly reactionCounts: Map<number, StoredReactionCounts>;
  readonly mentions: Map<string, Mention>;
  readonly mentionsOfAll: Map<number, MentionOfAll>;
  readonly commands: Map<string, StoredCommand>;
  readCounts?: StoredReadCounts;
}

/** What one build holds. */
export interface BuildRows {
  checkpoint: Checkpoint;
  readonly groups: Map<string, GroupRows>;
  /** What the commit under way changes, as it was at the checkpoint; undefined where it was not there. */
  readonly before: Map<string, GroupRows | undefined>;
}

/** A copy of what the build held when it was at its checkpoint. */
export function rowsAtCheckpoint({ checkpoint, groups, before }: BuildRows): BuildRows {
  const then = new Map([...groups].filter(([groupId]) => !before.has(groupId)));
  for (const [groupId, rows] of before) if (rows !== undefined) then.set(groupId, rows);
  return structuredClone({ checkpoint, groups: then, before: new Map() });
}

export const emptyBuild = (): BuildRows => ({
  checkpoint: { position: startOfLog, event: undefined },
  groups: new Map(),
  before: new Map(),
});

/** As text in the order of the numbers. */
export const padded = (seq: number): string => String(seq).padStart(9, '0');
export const keyOfMark = ({ userId, upTo }: Mark): string => `${userId} ${padded(upTo)}`;
export const keyOfReaction = ({ seq, userId, emoji }: Pick<StoredReaction, 'seq' | 'userId' | 'emoji'>): string =>
  `${padded(seq)} ${userId} ${emoji}`;
export const keyOfMention = ({ userId, seq }: Mention): string => `${padded(seq)} ${userId}`;
export const keyOfCommand = ({ actorId, commandId }: Pick<StoredCommand, 'actorId' | 'commandId'>): string =>
  `${actorId} ${commandId}`;

export interface WriterOptions {
  readonly rows: BuildRows;
  /** Throws LeaseLost where this writer is no longer the one. */
  readonly requireLease: () => void;
  /** Between two groups of a commit, and before its checkpoint. */
  readonly betweenGroups: () => Promise<void> | void;
  readonly close: () => void;
}

/** The port in memory. It refuses what the port forbids: rows of groups that were not loaded, and changes of rows that are others. */
export function createInMemoryWriter({ rows, requireLease, betweenGroups, close }: WriterOptions): ReadModelWriter {
  const { groups } = rows;
  const loaded = new Set<string>();

  async function holding<Answer>(work: () => Promise<Answer> | Answer): Promise<Answer> {
    try {
      requireLease();
      return await work();
    } catch (error) {
      loaded.clear();
      throw error;
    }
  }

  const writer: ReadModelWriter = {
    checkpoint: () => holding(() => rows.checkpoint),
    loadGroups: (groupIds) =>
      holding(() => {
        for (const groupId of groupIds) loaded.add(groupId);
        return groupIds.flatMap((groupId) => groups.get(groupId)?.group ?? []);
      }),
    loadRows: (keys) =>
      holding(() => {
        for (const { groupId } of keys)
          if (!loaded.has(groupId)) throw new TypeError(`group ${groupId} was not loaded`);
        return {
          members: keys.flatMap((of) => find(rows, of, of.userIds, (group, userId) => group.members.get(userId))),
          messages: keys.flatMap((of) => find(rows, of, of.seqs, (group, seq) => group.messages.get(seq))),
          reactions: keys.flatMap((of) =>
            find(rows, of, of.reactions, (group, key) => group.reactions.get(keyOfReaction(key))),
          ),
          reactionCounts: keys.flatMap((of) =>
            find(rows, of, of.countedSeqs, (group, seq) => group.reactionCounts.get(seq)),
          ),
        };
      }),
    commit: (changed, checkpoint) =>
      holding(async () => {
        for (const group of changed) requireSame(rows, group);
        for (const group of changed) {
          const { groupId } = group.group.after;
          // Of a commit that was broken off, what it has changed stays as it was at the checkpoint.
          if (!rows.before.has(groupId)) rows.before.set(groupId, structuredClone(groups.get(groupId)));
          write(rows, group);
          await betweenGroups();
          requireLease();
        }
        if (checkpoint.position > rows.checkpoint.position) rows.checkpoint = checkpoint;
        rows.before.clear();
      }),
    haltedGroups: () => holding(() => haltedGroupsOf(rows)),
    groupsToCount: (afterGroupId, limit) =>
      holding(() =>
        [...groups.values()]
          .filter(({ group, readCounts }) => group.countsPosition > (readCounts?.position ?? startOfLog))
          .map(({ group: { groupId, memberCount } }) => ({ groupId, memberCount }))
          .filter(({ groupId }) => afterGroupId === undefined || groupId > afterGroupId)
          .sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
          .slice(0, limit),
      ),
    groupSnapshots: (groupIds) => holding(() => groupIds.flatMap((groupId) => snapshotOf(rows, groupId) ?? [])),
    openForFilling: async () => ({ ...writer, close: async () => undefined }),
    storeReadCounts: (counts) =>
      holding(() => {
        for (const one of counts) {
          const group = groups.get(one.groupId);
          const isNewer = one.position >= (group?.readCounts?.position ?? startOfLog);
          if (group !== undefined && isNewer) group.readCounts = one;
        }
      }),
    close: async () => close(),
  };
  return writer;
}

function find<Key, Row>(
  { groups }: BuildRows,
  { groupId }: RowKeys,
  keys: readonly Key[],
  get: (group: GroupRows, key: Key) => Row | undefined,
): readonly Row[] {
  const group = groups.get(groupId);
  return group === undefined ? [] : keys.flatMap((key) => get(group, key) ?? []);
}

/** What a change is said to come after is what is there. */
function requireSame({ groups }: BuildRows, changed: ChangedGroup): void {
  const stored = groups.get(changed.group.after.groupId);
  const pairs: [unknown, unknown][] = [
    [changed.group.before, stored?.group],
    ...changed.members.map(({ before, after }): [unknown, unknown] => [before, stored?.members.get(after.userId)]),
    ...changed.messages.map(({ before, after }): [unknown, unknown] => [before, stored?.messages.get(after.seq)]),
    ...changed.reactions.map(({ before, after }): [unknown, unknown] => [
      before,
      stored?.reactions.get(keyOfReaction(after)),
    ]),
    ...changed.reactionCounts.map(({ before, after }): [unknown, unknown] => [
      before,
      stored?.reactionCounts.get(after.seq),
    ]),
  ];
  for (const [before, found] of pairs) {
    if (!isDeepStrictEqual(before, found)) {
      throw new TypeError(`a change after ${JSON.stringify(before)}, where ${JSON.stringify(found)} is stored`);
    }
  }
}

function write({ groups }: BuildRows, changed: ChangedGroup): void {
  const { after } = changed.group;
  const stored = groups.get(after.groupId) ?? emptyGroup(after);
  groups.set(after.groupId, stored);
  stored.group = after;
  stored.upTo = Math.max(stored.upTo, changed.upTo);
  put(stored.members, changed.members, ({ userId }) => userId);
  put(stored.messages, changed.messages, ({ seq }) => seq);
  put(stored.reactions, changed.reactions, keyOfReaction);
  put(stored.reactionCounts, changed.reactionCounts, ({ seq }) => seq);
  for (const { userId, upTo, at } of changed.marks) {
    for (const [index, seq] of upTo.entries()) {
      const mark = { userId, upTo: seq, at: new Date(at[index] ?? Number.NaN).toISOString() };
      stored.marks.set(keyOfMark(mark), mark);
    }
  }
  for (const mention of changed.mentions) stored.mentions.set(keyOfMention(mention), mention);
  const first = changed.mentionsOfAll.filter(({ seq }) => !stored.mentionsOfAll.has(seq));
  for (const mention of first) stored.mentionsOfAll.set(mention.seq, mention);
  for (const command of changed.commands) {
    const known = stored.commands.get(keyOfCommand(command));
    if (known === undefined || command.position > known.position) stored.commands.set(keyOfCommand(command), command);
  }
}

function put<Key, Row>(stored: Map<Key, Row>, changed: readonly ChangedRow<Row>[], keyOf: (row: Row) => Key): void {
  for (const { after } of changed) stored.set(keyOf(after), after);
}

const emptyGroup = (group: StoredGroup): GroupRows => ({
  ...{ group, upTo: startOfLog, members: new Map(), marks: new Map(), messages: new Map(), reactions: new Map() },
  ...{ reactionCounts: new Map(), mentions: new Map(), mentionsOfAll: new Map(), commands: new Map() },
});

export function snapshotOf(rows: BuildRows, groupId: string): GroupSnapshot | undefined {
  const stored = rows.groups.get(groupId);
  const group = stored && toGroupRow(stored.group);
  if (stored === undefined || group === undefined) return undefined;
  const members = [...stored.members.values()].map(({ position: _, ...member }) => member);
  return { group, members, position: Math.max(stored.upTo, rows.checkpoint.position) };
}

/** Undefined where the group's first event has not come. */
export function toGroupRow(stored: StoredGroup): GroupSnapshot['group'] | undefined {
  const { activityPosition: _, countsPosition: __, haltedAt: ___, haltReason: ____, position: _____, ...row } = stored;
  return row.createdAt === null ? undefined : { ...row, createdAt: row.createdAt };
}

export const haltedGroupsOf = ({ groups }: BuildRows): readonly HaltedGroup[] =>
  [...groups.values()]
    .flatMap(({ group: { groupId, haltedAt, haltReason } }) =>
      haltedAt === null ? [] : [{ groupId, position: haltedAt, reason: haltReason ?? '' }],
    )
    .sort((a, b) => a.position - b.position);

/** What a writer of before is told. */
export const leaseLost = (buildId: string): LeaseLost =>
  new LeaseLost(`build ${buildId} has another writer, or is gone, by order of the test`);
