import type { Refusal } from '../commands/refusal.ts';

/** A refusal in words, for a report of lines that were not imported. */
export function describeRefusal(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'too-busy':
      return 'too many commands are waiting';
    case 'bad-value':
      return `${refusal.field} ${refusal.problem}`;
    case 'forbidden':
      return `needs ${refusal.needs}`;
    case 'target-not-a-member':
      return `${refusal.userId} is not a member`;
    case 'beyond-newest':
      return `the newest message is ${refusal.lastSeq}`;
    case 'group-not-found':
    case 'group-exists':
    case 'no-longer-a-member':
    case 'group-halted':
    case 'last-owner':
    case 'last-member':
    case 'message-not-found':
    case 'message-deleted':
    case 'message-id-taken':
    case 'command-id-taken':
      return refusal.kind.replaceAll('-', ' ');
    default:
      return refusal satisfies never;
  }
}
