import type { Filter } from 'mongodb';
import type { KeyRange, PeoplePages } from '../../ports/pages.ts';
import { ReadModelsCorrupt } from '../../ports/read-model-faults.ts';
import type { InboxRow, MessageKey, ReaderRow } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection, ReadOptions } from './connection.ts';
import { type GroupDocument, idOf, type MembershipDocument, type MessageDocument } from './documents.ts';
import type { GroupsToRead } from './group-reads.ts';
import { isWithin, toGroupRow, toMemberRow } from './row-documents.ts';

type PeopleQueries = Pick<PeoplePages, 'members' | 'membersPage' | 'inboxPage' | 'readersPage'>;

export function createPeopleQueries(connection: Connection, reads: GroupsToRead): PeopleQueries {
  const { collections, run } = connection;

  /** Members by user id, ascending, of whom `accept` is true, each as of the group. */
  async function pageOf(
    { _id: groupId, appliedTo }: GroupDocument,
    { after = '', before, limit, last: fromTheEnd = false }: KeyRange,
    { filter, accept, options }: WantedMembers,
  ): Promise<MembershipDocument[] | typeof tooNew> {
    const page: MembershipDocument[] = [];
    let userId = { $gt: after, ...(before !== undefined && { $lt: before }) };
    // One more than are wanted: among those who have read a message is its author, who is none of its readers.
    const pieceSize = limit + 1;
    while (page.length < limit) {
      const wanted = { groupId, userId, ...filter };
      const documents = await run(() =>
        collections.memberships
          .find(wanted, options)
          .sort({ userId: fromTheEnd ? -1 : 1 })
          .limit(pieceSize)
          .toArray(),
      );
      for (const document of documents) {
        const state = stateAt(document, appliedTo);
        if (state === tooNew) return tooNew;
        if (state !== undefined && accept(state) && page.length < limit) page.push(state);
      }
      const last = documents.at(-1);
      if (last === undefined || documents.length < pieceSize) break;
      userId = fromTheEnd ? { ...userId, $lt: last.userId } : { ...userId, $gt: last.userId };
    }
    return fromTheEnd ? page.reverse() : page;
  }

  return {
    members: (groupId, userIds) =>
      reads.consistently(async (options) => {
        const groups = await reads.groups([groupId], options);
        const theirs = { _id: { $in: userIds.map((userId) => idOf(groupId, userId)) }, groupId };
        const documents = await run(() => collections.memberships.find(theirs, options).toArray());
        return allAt(documents, (id) => groups.get(id), toMemberRow);
      }),
    membersPage: (groupId, range) =>
      reads.consistently(async (options) => {
        const group = (await reads.groups([groupId], options)).get(groupId);
        if (group === undefined) return [];
        const accept: Accept = ({ active }) => active;
        const page = await pageOf(group, range, { filter: reads.perhapsActive, accept, options });
        return page === tooNew ? tooNew : page.map(toMemberRow);
      }),
    inboxPage: createInboxPage(connection, reads),
    readersPage: createReadersPage(connection, reads, pageOf),
  };
}

type Accept = (member: MembershipDocument) => boolean;

interface WantedMembers {
  readonly filter: Filter<MembershipDocument>;
  readonly accept: Accept;
  readonly options: ReadOptions;
}

/** The rows of documents of several groups, as of their groups; those of unknown groups and of later are left out. */
function allAt<Row>(
  documents: readonly MembershipDocument[],
  groupOf: (groupId: string) => GroupDocument | undefined,
  toRow: (document: MembershipDocument) => Row,
): Row[] | typeof tooNew {
  const rows: Row[] = [];
  for (const document of documents) {
    const group = groupOf(document.groupId);
    const state = group === undefined ? undefined : stateAt(document, group.appliedTo);
    if (state === tooNew) return tooNew;
    if (state !== undefined) rows.push(toRow(state));
  }
  return rows;
}

/** The groups of one person are sorted by the server: as many as somebody is in, not as many as there are. */
function createInboxPage({ collections, run }: Connection, reads: GroupsToRead): PeoplePages['inboxPage'] {
  async function pageOf(
    userId: string,
    options: ReadOptions,
    before: number,
    limit: number,
  ): Promise<InboxRow[] | typeof tooNew> {
    const memberships = await run(() =>
      collections.memberships
        .find({ userId, ...reads.perhapsActive }, { ...options, projection: { groupId: 1 } })
        .toArray(),
    );
    const groupIds = memberships.map(({ groupId }) => groupId);
    const page: InboxRow[] = [];
    let next = before;
    while (page.length < limit) {
      const groups = await reads.newestGroups(groupIds, next, limit, options);
      const ids = groups.map(({ _id }) => idOf(_id, userId));
      const theirs = { _id: { $in: ids }, groupId: { $in: groups.map(({ _id }) => _id) } };
      const documents = await run(() => collections.memberships.find(theirs, options).toArray());
      const byId = new Map(groups.map((group) => [group._id, group]));
      const rows = allAt(documents, (groupId) => byId.get(groupId), toMemberRow);
      if (rows === tooNew) return tooNew;
      const members = new Map(rows.filter(({ active }) => active).map((member) => [member.groupId, member]));
      for (const group of groups) {
        const member = members.get(group._id);
        if (member === undefined || page.length >= limit) continue;
        page.push({ group: toGroupRow(group), member, activityPosition: group.activityPosition });
      }
      const last = groups.at(-1);
      if (last === undefined || groups.length < limit) break;
      next = last.activityPosition;
    }
    return page;
  }

  return (userId, before, limit) =>
    reads.consistently((options) => pageOf(userId, options, before ?? Number.MAX_SAFE_INTEGER, limit));
}

/**
 * - Readers are members with a stay that holds the message and a mark that has reached it, whether they have left since
 *   or not; never its author.
 * - They read it at the moment of their first mark at or beyond it.
 */
function createReadersPage(
  connection: Connection,
  reads: GroupsToRead,
  pageOf: (
    group: GroupDocument,
    range: KeyRange,
    wanted: WantedMembers,
  ) => Promise<MembershipDocument[] | typeof tooNew>,
): PeoplePages['readersPage'] {
  const { collections, run } = connection;

  async function readers(
    key: MessageKey,
    options: ReadOptions,
    { until, afterUserId, limit }: { until: string; afterUserId: string | undefined; limit: number },
  ): Promise<ReaderRow[] | typeof tooNew> {
    const { groupId, seq } = key;
    const group = (await reads.groups([groupId], options)).get(groupId);
    if (group === undefined || seq > group.lastSeq || limit < 1) return [];
    const id = { _id: idOf(groupId, seq), groupId };
    const message: MessageDocument | null = await run(() => collections.timeline.findOne(id, options));
    if (message === null) return [];
    // A mark only grows: whoever has not reached the message now had not before either.
    const filter = { markedUpTo: { $gte: seq } };
    const accept: Accept = ({ userId, markedUpTo, stays }) =>
      userId !== message.authorId && markedUpTo >= seq && isWithin(stays, seq);
    const rows: ReaderRow[] = [];
    let after = afterUserId;
    while (rows.length < limit) {
      const page = await pageOf(group, { after, limit }, { filter, accept, options });
      if (page === tooNew) return tooNew;
      const userIds = page.map(({ userId }) => userId);
      const moments = await firstMarks(connection, key, options, userIds);
      for (const userId of userIds) {
        const readAt = moments.get(userId);
        if (readAt === undefined) throw new ReadModelsCorrupt(`the marks of ${userId} in group ${groupId} are missing`);
        if (readAt <= until && rows.length < limit) rows.push({ userId, readAt });
      }
      if (page.length < limit) break;
      after = page.at(-1)?.userId;
    }
    return rows;
  }

  return (key, at, afterUserId, limit) => {
    // Moments are stored in one form, so they compare as texts; this one is later than any.
    const until = at === undefined ? '~' : new Date(at).toISOString();
    return reads.consistently((options) => readers(key, options, { until, afterUserId, limit }));
  };
}

/** How many marks are read at once for each person, in the hope that their first is among them. */
const marksPerReader = 4;
const roundsForAll = 2;

/**
 * The moments of people's first marks at or beyond a message. Marks of all of them are read together, the lowest first,
 * which merges a range of the index for each person: after the message most people mark in about the same order. Who is
 * still missing after two rounds, because others have marked much more often, is looked up by themselves.
 */
async function firstMarks(
  { collections, run }: Connection,
  { groupId, seq }: MessageKey,
  options: ReadOptions,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const moments = new Map<string, string>();
  let missing = userIds;
  const read = async (ids: readonly string[], limit: number): Promise<number> => {
    const wanted = { groupId, userId: { $in: [...ids] }, upTo: { $gte: seq } };
    const marks = await run(() => collections.marks.find(wanted, options).sort({ upTo: 1 }).limit(limit).toArray());
    for (const { userId, at } of marks) if (!moments.has(userId)) moments.set(userId, at);
    return marks.length;
  };
  for (let round = 0; round < roundsForAll && missing.length > 0; round += 1) {
    const limit = marksPerReader * missing.length;
    if ((await read(missing, limit)) < limit) return moments;
    missing = missing.filter((userId) => !moments.has(userId));
  }
  await Promise.all(missing.map((userId) => read([userId], 1)));
  return moments;
}
