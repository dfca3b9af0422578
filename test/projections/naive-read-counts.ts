import type { GroupEvent, ReadsEvent } from '../../src/events/event.ts';
import type { MemberRow, Stay } from '../../src/ports/rows.ts';
import type { MemberReading, ReadExplanation } from '../../src/projections/counts-now.ts';

interface NaiveMessage {
  readonly seq: number;
  /** One row per reader: whether they have read it. */
  readonly audience: Map<string, boolean>;
}

interface NaiveMember {
  active: boolean;
  markedUpTo: number;
  stays: Stay[];
}

/** The rules of who has read what, taken by the word: one row per reader and message. */
export class NaiveReadCounts {
  readonly messages: NaiveMessage[] = [];
  readonly members = new Map<string, NaiveMember>();

  apply(event: GroupEvent | ReadsEvent): void {
    if (event.type === 'MembersAdded') {
      for (const { userId } of event.data.members) this.#join(userId, event.data.afterSeq);
    }
    if (event.type === 'MemberLeft' || event.type === 'MemberRemoved')
      this.#leave(event.data.userId, event.data.afterSeq);
    if (event.type === 'MessageSent') this.#send(event.data.authorId, event.data.seq);
    if (event.type === 'ReadUpTo') this.#mark(event.data.userId, Math.min(event.data.upTo, this.messages.length));
  }

  #join(userId: string, afterSeq: number): void {
    const member = this.members.get(userId) ?? { active: false, markedUpTo: 0, stays: [] };
    member.active = true;
    member.stays.push({ from: afterSeq, to: null });
    this.members.set(userId, member);
  }

  #leave(userId: string, afterSeq: number): void {
    const member = this.members.get(userId);
    if (member === undefined) return;
    member.active = false;
    member.stays = member.stays.map((stay) => (stay.to === null ? { ...stay, to: afterSeq } : stay));
  }

  #send(authorId: string, seq: number): void {
    const present = [...this.members].filter(([userId, { active }]) => active && userId !== authorId);
    this.messages.push({ seq, audience: new Map(present.map(([userId]) => [userId, false])) });
    this.#mark(authorId, seq);
  }

  #mark(userId: string, upTo: number): void {
    const member = this.members.get(userId);
    if (!member?.active) return;
    member.markedUpTo = Math.max(member.markedUpTo, upTo);
    for (const { seq, audience } of this.messages) {
      if (seq <= member.markedUpTo && audience.has(userId)) audience.set(userId, true);
    }
  }

  explainAll(): readonly ReadExplanation[] {
    return this.messages.map(({ audience }) => {
      const unread = [...audience].filter(([, hasRead]) => !hasRead).map(([userId]) => this.members.get(userId));
      const notYet = unread.filter((member) => member?.active).length;
      const read = audience.size - unread.length;
      return { audience: audience.size, read, notYet, leftBeforeReading: unread.length - notYet };
    });
  }

  reading(userId: string): MemberReading | undefined {
    const member = this.members.get(userId);
    if (member === undefined) return undefined;
    const { active, markedUpTo, stays } = member;
    return { active, markedUpTo, memberAfterSeq: stays.at(-1)?.from ?? 0 };
  }

  rows(): readonly MemberRow[] {
    return [...this.members].map(([userId, { active, markedUpTo, stays }]) => ({
      groupId: 'lunch',
      userId,
      name: userId,
      role: 'member',
      active,
      joinedAt: '2026-11-24T12:00:00.000Z',
      stays: [...stays],
      markedUpTo,
    }));
  }
}
