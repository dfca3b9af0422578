import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type EventLog, type Position, startOfLog } from '../ports/event-log.ts';
import { createListeners } from '../ports/listeners.ts';
import { BuildGone, type BuildId, type ReadModelBuilds } from '../ports/read-model-builds.ts';
import { ReadModelsCorrupt, ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { passedOn, type ReadMoment } from '../ports/read-moment.ts';
import { createWholeRows } from './whole-rows.ts';

/** The read models of the build that is served, whichever that is. */
export interface ServedReadModels extends ReadModels {
  /** Looks at once which build is served, as somebody has said that it is another one. Never rejects. */
  look(): Promise<void>;
  /**
   * Calls back whenever another build has taken the place of the one that answered so far: what this process keeps of
   * answers is of the one before. From then on all answers are of the new one.
   */
  onSwitched(listener: (id: BuildId) => void): void;
}

export interface ServedReadModelsOptions {
  readonly logger: Pick<Logger, 'error'>;
  readonly builds: Pick<ReadModelBuilds, 'served' | 'openReadModels'>;
  readonly log: Pick<EventLog, 'endPosition' | 'readStream'>;
  /** Told, at every such query, that one has met damage in a build, and where one cannot be opened for it. */
  readonly onDamage: (id: BuildId, reason: string) => void;
  /** How often it is looked which build is served. 1 s by default. */
  readonly pollMilliseconds?: number;
  /** How long, from the start on, a query waits for the first build to be served. 5 s by default. */
  readonly patienceMilliseconds?: number;
}

interface Current {
  readonly id: BuildId;
  readonly readModels: ReadModels;
  /** Queries under way and moments that are open; it is closed after the last of them. */
  running: number;
  /** It answers no more. */
  isReplaced: boolean;
}

interface Next {
  readonly id: BuildId;
  readonly atLeast: Position;
}

const firstPollMilliseconds = 20;

/**
 * Readers hold on to the build that they began with. Another one that is served takes its place once it holds everything
 * that the log held when it was first seen to be served, and everything that the one before has come to hold since: whatever
 * that has shown is in it. Until then the one before answers, if it is still there; where it is gone, every query throws
 * ReadModelsUnavailable until another one holds what the log held by then. So a process never answers from less than it has
 * answered from before, whatever becomes of a build.
 */
export function createServedReadModels(options: ServedReadModelsOptions): ServedReadModels {
  const { builds, log, logger, onDamage, pollMilliseconds = 1_000, patienceMilliseconds = 5_000 } = options;
  const patientUntil = performance.now() + patienceMilliseconds;
  const listeners = createListeners<[BuildId]>((err) => {
    logger.error({ err }, 'something that is told of other read models has thrown');
  });
  /** The newest that has answered; undefined before there was any. */
  let newest: Current | undefined;
  const whole = createWholeRows(log);
  let closed = false;
  /** The build that is to be the next, and what it must have reached. */
  let next: Next | undefined;
  let looking: Promise<void> | undefined;

  const current = (): Current | undefined => (newest?.isReplaced ? undefined : newest);

  async function switchTo(id: BuildId): Promise<void> {
    if (newest !== undefined && next?.id !== id) {
      const shown = current();
      const atLeast = await log.endPosition();
      if (current() !== shown) throw new ReadModelsUnavailable('the read models are being built anew');
      next = { id, atLeast };
    }
    const readModels = whole(id, await builds.openReadModels(id));
    try {
      const reached = next === undefined || (await holdsAsMuch(readModels, next));
      if (!reached || closed) throw new ReadModelsUnavailable('the read models are being built anew');
    } catch (error) {
      close(readModels);
      throw error;
    }
    const before = newest;
    newest = { id, readModels, running: 0, isReplaced: false };
    next = undefined;
    if (before === undefined) return;
    letGo(before);
    listeners.tell(id);
  }

  /** Whoever projects may have gone on with the one before for a moment: it is asked last. */
  async function holdsAsMuch(readModels: ReadModels, wanted: Next): Promise<boolean> {
    const reached = await readModels.checkpoint();
    const before = current();
    const shown = await before?.readModels.checkpoint().catch((error: unknown) => {
      if (error instanceof BuildGone && before !== undefined) lose(before);
      // One that is damaged, and does not say how far it is, holds up nobody for ever.
      return undefined;
    });
    return wanted === next && reached >= Math.max(wanted.atLeast, shown ?? startOfLog);
  }

  /** It is gone, and may have shown more than the log held when the next one was seen. */
  function lose(gone: Current): void {
    if (current() !== gone) return;
    next = undefined;
    letGo(gone);
  }

  function letGo(replaced: Current): void {
    if (replaced.isReplaced) return;
    replaced.isReplaced = true;
    if (replaced.running === 0) close(replaced.readModels);
  }

  /** Nobody asks it anything any more: that it cannot be closed is no reason to answer nobody. */
  function close(readModels: ReadModels): void {
    readModels.close().catch(() => {});
  }

  /** One look serves all who ask meanwhile. Throws why there is no other build to switch to. */
  function lookNow(): Promise<void> {
    looking ??= (async () => {
      const id = await builds.served();
      if (id === undefined || id === current()?.id || closed) return;
      await switchTo(id).catch((error: unknown) => {
        if (error instanceof ReadModelsCorrupt) onDamage(id, error.message);
        throw error;
      });
    })()
      .catch((error: unknown) => {
        throw whatPasses(error);
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  async function currentBuild(): Promise<Current> {
    for (let found = current(); ; found = current()) {
      if (found !== undefined) return found;
      if (closed) throw new ReadModelsUnavailable('the read models are closed');
      await lookNow();
      if (current() !== undefined) continue;
      if (newest !== undefined || performance.now() > patientUntil) {
        throw new ReadModelsUnavailable('the read models are being built');
      }
      await wait(firstPollMilliseconds);
    }
  }

  function begin(build: Current): () => void {
    build.running += 1;
    return () => {
      build.running -= 1;
      if (build.isReplaced && build.running === 0) close(build.readModels);
    };
  }

  async function of<Answer>(build: Current, read: () => Promise<Answer>): Promise<Answer> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof BuildGone) lose(build);
      // What does not meet it is answered until the build is thrown away.
      if (error instanceof ReadModelsCorrupt) onDamage(build.id, error.message);
      throw whatPasses(error);
    }
  }

  async function reading<Answer>(read: (readModels: ReadModels) => Promise<Answer>): Promise<Answer> {
    const build = await currentBuild();
    const end = begin(build);
    return of(build, () => read(build.readModels)).finally(end);
  }

  /** An open moment is of the build that it was begun on, and holds on to it. */
  async function moment(): Promise<ReadMoment> {
    const build = await currentBuild();
    const end = begin(build);
    try {
      const opened = await of(build, () => build.readModels.moment());
      let isOpen = true;
      return {
        ...passedOn(opened, (read) => of(build, read)),
        position: opened.position,
        async close() {
          if (!isOpen) return;
          isOpen = false;
          await opened.close();
          end();
        },
      };
    } catch (error) {
      end();
      throw error;
    }
  }

  const timer = setInterval(() => void lookNow().catch(() => {}), pollMilliseconds);
  timer.unref();

  return {
    checkpoint: () => reading((models) => models.checkpoint()),
    groups: (...asked) => reading((models) => models.groups(...asked)),
    groupSnapshot: (...asked) => reading((models) => models.groupSnapshot(...asked)),
    members: (...asked) => reading((models) => models.members(...asked)),
    membersPage: (...asked) => reading((models) => models.membersPage(...asked)),
    inboxPage: (...asked) => reading((models) => models.inboxPage(...asked)),
    timelinePage: (...asked) => reading((models) => models.timelinePage(...asked)),
    messages: (...asked) => reading((models) => models.messages(...asked)),
    acceptedCommands: (...asked) => reading((models) => models.acceptedCommands(...asked)),
    reactionCounts: (...asked) => reading((models) => models.reactionCounts(...asked)),
    reactions: (...asked) => reading((models) => models.reactions(...asked)),
    mentionsPage: (...asked) => reading((models) => models.mentionsPage(...asked)),
    search: (...asked) => reading((models) => models.search(...asked)),
    readersPage: (...asked) => reading((models) => models.readersPage(...asked)),
    messagesBySeq: (...asked) => reading((models) => models.messagesBySeq(...asked)),
    membersByName: (...asked) => reading((models) => models.membersByName(...asked)),
    unreadGroups: (...asked) => reading((models) => models.unreadGroups(...asked)),
    mentionCounts: (...asked) => reading((models) => models.mentionCounts(...asked)),
    reactionMembers: (...asked) => reading((models) => models.reactionMembers(...asked)),
    ownReactions: (...asked) => reading((models) => models.ownReactions(...asked)),
    haltedGroups: () => reading((models) => models.haltedGroups()),
    moment,
    look: () => lookNow().catch(() => {}),
    onSwitched: (listener) => void listeners.add(listener),
    async close() {
      closed = true;
      clearInterval(timer);
      await looking?.catch(() => {});
      await current()?.readModels.close();
    },
  };
}

/** To a reader, a build that goes or is damaged passes: whoever projects serves another one. */
function whatPasses(error: unknown): unknown {
  if (!(error instanceof BuildGone || error instanceof ReadModelsCorrupt)) return error;
  return new ReadModelsUnavailable('the read models are being built anew', { cause: error });
}
