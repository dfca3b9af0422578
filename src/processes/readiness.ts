import type { Services } from '../api/services.ts';
import type { LogTrouble } from './log-trouble.ts';
import type { Projector } from './projector.ts';

/** Whether a process can do its part now, and if not, why: what /ready answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
  readonly [detail: string]: unknown;
}

export const projectorRefused = 'the read models are ahead of the log';
const feedAway = 'the log is not followed: subscriptions and live counts stand still';
const stillBehind = 'the read models do not hold yet what the log held at the start';

/** Ready, unless one of these says why not; the first one counts. */
export function readyUnless(...reasons: readonly (string | false | undefined)[]): Readiness {
  const reason = reasons.find((given) => typeof given === 'string');
  return reason === undefined ? { ready: true } : { ready: false, reason };
}

/**
 * A process that serves is ready while it can do all of it: append, deliver, and answer from read models that hold what
 * the log held at its start. A store that is a server and away is waited for, and is no reason, but for the read models:
 * there every query asks. One that does not take this process is a reason, because waiting does not mend it. Throws why those cannot be used.
 */
export async function readinessOf({
  log,
  feed,
  freshness,
  halted,
  projector,
  trouble,
}: Pick<Services, 'log' | 'feed' | 'freshness' | 'halted'> & {
  readonly projector: Projector | undefined;
  readonly trouble: Pick<LogTrouble, 'refusal'>;
}): Promise<Readiness> {
  const isFresh = await freshness.ready();
  const projecting = projector?.state();
  return {
    ...readyUnless(
      log.appendsRefused(),
      trouble.refusal(),
      !feed.isFollowing() && feedAway,
      projecting === 'refused' && projectorRefused,
      !isFresh && stillBehind,
    ),
    position: feed.position(),
    haltedGroups: halted.count(),
    ...(projecting && { projector: projecting }),
  };
}
