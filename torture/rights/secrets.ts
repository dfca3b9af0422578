import { isEmoji } from '../../src/events/emoji.ts';

/** A text that only some may ever be shown. */
interface Secret {
  readonly text: string;
  readonly groupId: string;
  readonly madeAt: number;
  /** When it was deleted or replaced: from then on it is for nobody. */
  withdrawnAt: number;
}

interface Stay {
  readonly groupId: string;
  readonly userId: string;
  readonly from: number;
  to: number;
}

/**
 * Who may know what, kept apart from everything that the product believes: markers that stand nowhere but in the texts and
 * names of one group, and who was in it when. Moments are counted, one for each change.
 */
export interface Secrets {
  /** A new marker for something in this group: a word, so that it can be searched for. */
  make(groupId: string, label: string): string;
  /** The same of an emoji: a flag that has not stood anywhere yet, as the door takes nothing but emoji. */
  makeEmoji(groupId: string): string;
  /** What was deleted or replaced. */
  withdraw(text: string): void;
  enter(groupId: string, userId: string): void;
  leave(groupId: string, userId: string): void;
  now(): number;
  /**
   * The markers in an answer that the asker may not be shown: what was asked for at the moment `since` and told at any time
   * after it. Markers that the request itself holds are no news. Nobody is `undefined`.
   */
  leaks(userId: string | undefined, since: number, request: string, answer: string): string[];
}

export function createSecrets(tag: string): Secrets {
  const secrets: Secret[] = [];
  const stays: Stay[] = [];
  const unusedFlags = flags();
  let moment = 0;

  function mayKnow(userId: string | undefined, since: number, { groupId, madeAt, withdrawnAt }: Secret): boolean {
    if (withdrawnAt < since) return false;
    return stays.some(
      (stay) => stay.userId === userId && stay.groupId === groupId && stay.to > since && stay.to > madeAt,
    );
  }

  function keep(groupId: string, textAt: (moment: number) => string): string {
    moment += 1;
    const text = textAt(moment);
    secrets.push({ text, groupId, madeAt: moment, withdrawnAt: Number.POSITIVE_INFINITY });
    return text;
  }

  return {
    make: (groupId, label) => keep(groupId, (now) => `zq${tag}${label}${now}x`),
    makeEmoji(groupId) {
      const flag = unusedFlags.pop();
      if (flag === undefined) throw new Error('there are no more flags: begin a new round');
      return keep(groupId, () => flag);
    },
    withdraw(text) {
      moment += 1;
      for (const secret of secrets) if (secret.text === text) secret.withdrawnAt = moment;
      moment += 1;
    },
    enter(groupId, userId) {
      moment += 1;
      stays.push({ groupId, userId, from: moment, to: Number.POSITIVE_INFINITY });
    },
    leave(groupId, userId) {
      moment += 1;
      for (const stay of stays) {
        if (stay.groupId === groupId && stay.userId === userId) stay.to = Math.min(stay.to, moment);
      }
      moment += 1;
    },
    now: () => moment,
    leaks(userId, since, request, answer) {
      const shown = withDecodedCursors(answer);
      const asked = withDecodedCursors(request);
      return secrets
        .filter((secret) => shown.includes(secret.text) && !asked.includes(secret.text))
        .filter((secret) => !mayKnow(userId, since, secret))
        .map(({ text }) => text);
    },
  };
}

/** Every flag of a region: none is a part of another emoji, so it is found where it stands and nowhere else. */
function flags(): string[] {
  const letters = Array.from({ length: 26 }, (_, letter) => String.fromCodePoint(0x1f1e6 + letter));
  return letters.flatMap((first) => letters.map((second) => first + second)).filter(isEmoji);
}

/** A cursor's content is what it says once it is decoded: whatever looks like one is looked into. */
function withDecodedCursors(text: string): string {
  const candidates = text.match(/[\w-]{12,}/g) ?? [];
  return `${text}\n${candidates.map((one) => Buffer.from(one, 'base64url').toString('utf8')).join('\n')}`;
}
