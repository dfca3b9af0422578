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
  /** An emoji, which cannot be made up, as a marker: one that stands nowhere but in this group. */
  hold(groupId: string, emoji: string): string;
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
  let moment = 0;

  function mayKnow(userId: string | undefined, since: number, { groupId, madeAt, withdrawnAt }: Secret): boolean {
    if (withdrawnAt < since) return false;
    return stays.some(
      (stay) => stay.userId === userId && stay.groupId === groupId && stay.to > since && stay.to > madeAt,
    );
  }

  return {
    make(groupId, label) {
      moment += 1;
      const text = `zq${tag}${label}${moment}x`;
      secrets.push({ text, groupId, madeAt: moment, withdrawnAt: Number.POSITIVE_INFINITY });
      return text;
    },
    hold(groupId, emoji) {
      moment += 1;
      secrets.push({ text: emoji, groupId, madeAt: moment, withdrawnAt: Number.POSITIVE_INFINITY });
      return emoji;
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

/** A cursor's content is what it says once it is decoded: whatever looks like one is looked into. */
function withDecodedCursors(text: string): string {
  const candidates = text.match(/[\w-]{12,}/g) ?? [];
  return `${text}\n${candidates.map((one) => Buffer.from(one, 'base64url').toString('latin1')).join('\n')}`;
}
