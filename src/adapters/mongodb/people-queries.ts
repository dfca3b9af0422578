import type { Filter } from 'mongodb';
import type { PeoplePages } from '../../ports/pages.ts';
import type { InboxRow, MessageKey, ReaderRow } from '../../ports/rows.ts';
import { stateAt, tooNew } from './commit-point.ts';
import type { Connection } from './connection.ts';
import { type GroupDocument, idOf, type MembershipDocument, type MessageDocument } from './documents.ts';
import type { GroupReads } from './group-reads.ts';
import { isWithin, toGroupRow, toMemberRow } from './row-mapping.ts';

/** Members now or before the batch under way: which of the two a query shows is decided by `stateAt`. */
const perhapsActive = { $or: [{ active: true }, { 'previous.active': true }] };

type PeopleQueries = Omit<PeoplePages, 'reactionCounts'>;

export function createPeopleQueries(connection: Connection, reads: GroupReads): PeopleQueries {
  const { collections, run, readLimit } = connection;

  /** Members by user id, ascending, of whom `accept` is true, each as of the group. */
  async function pageOf(
    { _id: groupId, appliedTo }: GroupDocument,
    afterUserId: string | undefined,
    { filter, accept, limit }: { filter: Filter<MembershipDocument>; accept: Accept; limit: number },
  ): Promise<MembershipDocument[] | typeof tooNew> {
    const page: MembershipDocument[] = [];
    let after = afterUserId ?? '';
    while (page.length < limit) {
      const wanted = { groupId, userId: { $gt: after }, ...filter };
      const documents = await run(() =>
        collections.memberships.find(wanted, readLimit).sort({ userId: 1 }).limit(limit).toArray(),
      );
      for (const document of documents) {
        const state = stateAt(document, appliedTo);
        if (state === tooNew) return tooNew;
        if (state !== undefined && accept(state) && page.length < limit) page.push(state);
      }
      const last = documents.at(-1);
      if (last === undefined || documents.length < limit) break;
      after = last.userId;
    }
    return page;
  }

  return {
    membersPage: (groupId, afterUserId, limit) =>
      reads.consistently(async () => {
        const group = (await reads.groups([groupId])).get(groupId);
        if (group === undefined) return [];
        const page = await pageOf(group, afterUserId, {
          filter: perhapsActive,
          accept: ({ active }) => active,
          limit,
        });
        return page === tooNew ? tooNew : page.map(toMemberRow);
      }),
    inboxPage: createInboxPage(connection, reads),
    readersPage: createReadersPage(connection, reads, pageOf),
  };
}

type Accept = (member: MembershipDocument) => boolean;

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
function createInboxPage({ collections, run, readLimit }: Connection, reads: GroupReads): PeoplePages['inboxPage'] {
  async function pageOf(userId: string, before: number, limit: number): Promise<InboxRow[] | typeof tooNew> {
    const memberships = await run(() =>
      collections.memberships
        .find({ userId, ...perhapsActive }, { ...readLimit, projection: { groupId: 1 } })
        .toArray(),
    );
    const groupIds = memberships.map(({ groupId }) => groupId);
    const page: InboxRow[] = [];
    let next = before;
    while (page.length < limit) {
      const wanted = { _id: { $in: groupIds }, createdAt: { $ne: null }, activityPosition: { $lt: next } };
      const groups = await run(() =>
        collections.groups.find(wanted, readLimit).sort({ activityPosition: -1 }).limit(limit).toArray(),
      );
      const ids = groups.map(({ _id }) => idOf(_id, userId));
      const documents = await run(() => collections.memberships.find({ _id: { $in: ids } }, readLimit).toArray());
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

  return async (userId, before, limit) => {
    await reads.checkpoint();
    return reads.consistently(() => pageOf(userId, before ?? Number.MAX_SAFE_INTEGER, limit));
  };
}

/**
 * - Readers are members with a stay that holds the message and a mark that has reached it, whether they have left since
 *   or not; never its author.
 * - They read it at the moment of their first mark at or beyond it: one look into the index of marks for each.
 */
function createReadersPage(
  { collections, run, readLimit }: Connection,
  reads: GroupReads,
  pageOf: (
    group: GroupDocument,
    afterUserId: string | undefined,
    wanted: { filter: Filter<MembershipDocument>; accept: Accept; limit: number },
  ) => Promise<MembershipDocument[] | typeof tooNew>,
): PeoplePages['readersPage'] {
  const reader = async ({ groupId, seq }: MessageKey, userId: string): Promise<ReaderRow | undefined> => {
    const options = { ...readLimit, sort: { upTo: 1 } } as const;
    const mark = await run(() => collections.marks.findOne({ groupId, userId, upTo: { $gte: seq } }, options));
    return mark === null ? undefined : { userId, readAt: mark.at };
  };

  async function readers(
    key: MessageKey,
    until: string,
    afterUserId: string | undefined,
    limit: number,
  ): Promise<ReaderRow[] | typeof tooNew> {
    const group = (await reads.groups([key.groupId])).get(key.groupId);
    if (group === undefined || key.seq > group.lastSeq || limit < 1) return [];
    const id = idOf(key.groupId, key.seq);
    const message: MessageDocument | null = await run(() => collections.timeline.findOne({ _id: id }, readLimit));
    if (message === null) return [];
    // A mark only grows: whoever has not reached the message now had not before either.
    const filter = { markedUpTo: { $gte: key.seq } };
    const accept: Accept = ({ userId, markedUpTo, stays }) =>
      userId !== message.authorId && markedUpTo >= key.seq && isWithin(stays, key.seq);
    const rows: ReaderRow[] = [];
    let after = afterUserId;
    while (rows.length < limit) {
      const page = await pageOf(group, after, { filter, accept, limit });
      if (page === tooNew) return tooNew;
      for (const row of await Promise.all(page.map(({ userId }) => reader(key, userId)))) {
        if (row !== undefined && row.readAt <= until && rows.length < limit) rows.push(row);
      }
      if (page.length < limit) break;
      after = page.at(-1)?.userId;
    }
    return rows;
  }

  return (key, at, afterUserId, limit) => {
    // Moments are stored in one form, so they compare as texts; this one is later than any.
    const until = at === undefined ? '~' : new Date(at).toISOString();
    return reads.consistently(() => readers(key, until, afterUserId, limit));
  };
}
