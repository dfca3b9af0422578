import type { MemberMarks } from '../ports/row-store.ts';
import type { ChangeOf } from './changes.ts';

/** The marks of a batch that have counted, by member. */
export interface CollectedMarks {
  add(change: ChangeOf<'advanceMark'>): void;
  all(): readonly MemberMarks[];
}

export function collectMarks(): CollectedMarks {
  const byMember = new Map<string, { readonly userId: string; readonly upTo: number[]; readonly at: number[] }>();
  return {
    add({ userId, upTo, at }) {
      let marks = byMember.get(userId);
      if (marks === undefined) {
        marks = { userId, upTo: [], at: [] };
        byMember.set(userId, marks);
      }
      marks.upTo.push(upTo);
      marks.at.push(Date.parse(at));
    },
    all: () => [...byMember.values()],
  };
}
