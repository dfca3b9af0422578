import type { Freshness } from '../delivery/freshness.ts';
import { decodeRecorded } from '../events/decode-recorded.ts';
import type { HighwaterEvent } from '../events/event.ts';
import { groupStream, readsStream } from '../events/stream-name.ts';
import { type EventLog, type Position, startOfLog } from '../ports/event-log.ts';
import type { MessagePages } from '../ports/pages.ts';
import type { HotReadCounts } from '../projections/hot-read-counts.ts';
import type { Shown } from './demo-crowd.ts';

/** What is recounted. */
export interface Counted {
  readonly log: EventLog;
  readonly counts: HotReadCounts;
  readonly freshness: Freshness;
  readonly messages: Pick<MessagePages, 'timelinePage'>;
}

export interface Recount {
  readonly messages: number;
  readonly members: number;
  readonly marks: number;
  /** Messages whose live or stored count or audience is not what the recount says. */
  readonly mismatches: number;
}

/** A set of people as bits: one bit for each reader and message is what Highwater itself never keeps. */
class People {
  readonly bits: Uint32Array;

  constructor(bits: Uint32Array) {
    this.bits = bits;
  }

  has(person: number): boolean {
    return ((this.bits[person >>> 5] ?? 0) & (1 << (person & 31))) !== 0;
  }

  set(person: number, present: boolean): void {
    const word = person >>> 5;
    const bit = 1 << (person & 31);
    this.bits[word] = present ? (this.bits[word] ?? 0) | bit : (this.bits[word] ?? 0) & ~bit;
  }

  count(): number {
    let count = 0;
    for (let word of this.bits) for (; word !== 0; word &= word - 1) count += 1;
    return count;
  }
}

interface NaiveMessage {
  readonly seq: number;
  /** Whoever was a member when it was sent, but for its author. */
  readonly audience: People;
  readonly readers: People;
}

interface NaiveGroup {
  readonly people: Map<string, number>;
  members: People;
  readonly marks: number[];
  readonly messages: NaiveMessage[];
  markCount: number;
}

/**
 * Checks every message's count against a recount of the log that shares nothing with the counting: a set of readers for each
 * message, one event after the other. What this process counts live, the audience in the read models, and what each
 * serving process answers (`shown`, asked at the log's end) must agree with it.
 */
export async function recount(
  { log, counts, freshness, messages }: Counted,
  groupId: string,
  shown: (atLeast: Position) => Promise<readonly ReadonlyMap<number, Shown>[]>,
): Promise<Recount> {
  const end = await log.endPosition();
  await untilProjected({ freshness }, end);
  const naive = await replay(log, groupId);
  const answers = await shown(end);
  const live = await counts.of(groupId);
  const pageSize = 1_000;
  let mismatches = 0;
  for (let first = 0; first < naive.messages.length; first += pageSize) {
    const page = naive.messages.slice(first, first + pageSize);
    const range = { fromSeq: first + 1, toSeq: first + page.length, limit: pageSize, last: false };
    const rows = await messages.timelinePage(groupId, range);
    page.forEach((message, index) => {
      const row = rows[index];
      const [audience, read] = [message.audience.count(), message.readers.count()];
      const agrees =
        row?.seq === message.seq &&
        row.audienceCount === audience &&
        live.audienceCount(message.seq) === audience &&
        live.readCount(message.seq) === read &&
        answers.every((answer) => {
          const node = answer.get(message.seq);
          return node?.audienceCount === audience && node.readCount === read;
        });
      if (!agrees) mismatches += 1;
    });
  }
  if (live.lastSeq() !== naive.messages.length) mismatches += 1;
  return { messages: naive.messages.length, members: naive.members.count(), marks: naive.markCount, mismatches };
}

/** Waits until queries and live counts show the position, for as long as it takes. Rejects where the log has no such place. */
export async function untilProjected({ freshness }: Pick<Counted, 'freshness'>, position: Position): Promise<void> {
  for (;;) {
    const refused = await freshness.atLeast(position);
    if (refused === undefined) return;
    if (refused.kind !== 'behind') throw new RangeError(`the log ends at ${refused.end}, before ${position}`);
  }
}

async function replay(log: EventLog, groupId: string): Promise<NaiveGroup> {
  const nobody = new People(new Uint32Array(64));
  const group: NaiveGroup = { people: new Map(), members: nobody, marks: [], messages: [], markCount: 0 };
  const ours = new Set<string>([groupStream(groupId), readsStream(groupId)]);
  for (let after = startOfLog; ; ) {
    const page = await log.readAll(after, 5_000);
    for (const recorded of page) if (ours.has(recorded.streamName)) replayEvent(group, decodeRecorded(recorded).event);
    const last = page.at(-1);
    if (last === undefined) return group;
    after = last.position;
  }
}

function replayEvent(group: NaiveGroup, event: HighwaterEvent): void {
  if (event.type === 'MembersAdded') {
    for (const { userId } of event.data.members) setMember(group, userId, true);
  }
  if (event.type === 'MemberLeft' || event.type === 'MemberRemoved') setMember(group, event.data.userId, false);
  if (event.type === 'MessageSent') {
    const author = numberOf(group, event.data.authorId);
    const audience = new People(group.members.bits.slice());
    audience.set(author, false);
    const readers = new People(new Uint32Array(audience.bits.length));
    group.messages.push({ seq: event.data.seq, audience, readers });
    read(group, author, event.data.seq);
  }
  if (event.type === 'ReadUpTo') {
    group.markCount += 1;
    read(group, numberOf(group, event.data.userId), Math.min(event.data.upTo, group.messages.length));
  }
}

function setMember(group: NaiveGroup, userId: string, present: boolean): void {
  // Numbering a person may make room for them, in another set.
  const person = numberOf(group, userId);
  group.members.set(person, present);
}

function numberOf(group: NaiveGroup, userId: string): number {
  const number = group.people.get(userId) ?? group.people.size;
  group.people.set(userId, number);
  if (number >= group.members.bits.length * 32) {
    const grown = new Uint32Array(group.members.bits.length * 2);
    grown.set(group.members.bits);
    group.members = new People(grown);
  }
  return number;
}

/** Every message up to the mark is looked at, each on its own: no range, no tree. */
function read(group: NaiveGroup, person: number, upTo: number): void {
  if (!group.members.has(person)) return;
  const before = group.marks[person] ?? 0;
  for (const message of group.messages.slice(before, upTo)) {
    if (message.audience.has(person)) message.readers.set(person, true);
  }
  group.marks[person] = Math.max(before, upTo);
}
