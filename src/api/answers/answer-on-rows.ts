import { countsAtMoment } from '../../delivery/counts-at-moment.ts';
import { createShownMessages } from '../../delivery/shown-messages.ts';
import type { Position } from '../../ports/event-log.ts';
import { MomentPassed, type MomentQueries, momentQueries, passedOn, type ReadMoment } from '../../ports/read-moment.ts';
import { allLoaders } from '../loaders.ts';
import { requireNothingRefused } from '../refused.ts';
import { type Answer, type AnswerOptions, earliest } from './answer.ts';

/** An open moment with what was read at it. */
interface Opened {
  readonly moment: ReadMoment;
  readonly countsOf: ReturnType<typeof countsAtMoment>;
}

/**
 * An answer on the rows of one moment, which is opened when the first row is needed, and on the live counts as of it. What
 * a row holds that was deleted or replaced since is not shown, and rights are those of now.
 */
export function answerOnRows({ request, from = earliest, isSerial }: AnswerOptions): Answer {
  const { services } = request;
  let wanted = from;
  let opening: Promise<Opened> | undefined;
  const own = readers();
  let loaders = allLoaders(own, () => request.viewer().userId, true);
  let hasPassed = false;
  let isClosed = false;

  async function open(): Promise<Opened> {
    requireNothingRefused(await services.freshness.atLeast(wanted));
    const moment = await services.readModels.moment();
    return { moment, countsOf: countsAtMoment(services, moment) };
  }

  async function during<Result>(read: (opened: Opened) => Promise<Result>): Promise<Result> {
    try {
      if (isClosed) throw new MomentPassed('the answer is complete');
      opening ??= open();
      return await read(await opening);
    } catch (error) {
      if (error instanceof MomentPassed) hasPassed = true;
      throw error;
    }
  }

  /** Whatever is read from now on is no older. What was read before stays as it is only where it is answered completely. */
  async function reach(position: Position): Promise<void> {
    wanted = Math.max(wanted, position);
    const opened = await opening;
    if (opened === undefined || opened.moment.position >= wanted) return;
    requireNothingRefused(await services.freshness.atLeast(wanted));
    if (!isSerial) {
      hasPassed = true;
      throw new MomentPassed(`an answer as of ${opened.moment.position} needs to be of ${wanted}`);
    }
    opening = undefined;
    loaders = allLoaders(own, () => request.viewer().userId, true);
    await opened.moment.close();
  }

  function readers() {
    const reading = momentQueries.map((name) => {
      const ask = (...asked: readonly unknown[]) =>
        during(({ moment }) => (moment[name] as (...all: readonly unknown[]) => Promise<unknown>)(...asked));
      return [name, ask];
    });
    const pages = Object.fromEntries(reading) as MomentQueries;
    const checkpoint = () => during(async ({ moment }) => moment.position);
    const readModels = { ...services.readModels, ...pages, checkpoint };
    const shown = createShownMessages({ ...services, readModels, asOf: checkpoint });
    // The rows may be older than what the group's state has forgotten: that is found out only there.
    const messages = passedOn({ ...pages, ...shown }, (read) => during(read));
    return { readModels, messages };
  }

  return {
    context: {
      ...request,
      services: {
        ...services,
        ...own,
        counts: { ...services.counts, of: (groupId) => during(({ countsOf }) => countsOf(groupId)) },
        freshness: {
          ...services.freshness,
          async atLeast(position) {
            const refused = await services.freshness.atLeast(position);
            if (refused === undefined) await reach(position ?? earliest);
            return refused;
          },
        },
      },
      reach,
      loaders: {
        group: (...key) => loaders.group(...key),
        member: (...key) => loaders.member(...key),
        message: (...key) => loaders.message(...key),
        reactionCounts: (...key) => loaders.reactionCounts(...key),
        messageBySeq: (...key) => loaders.messageBySeq(...key),
        mentionsAfter: (...key) => loaders.mentionsAfter(...key),
        unreadGroups: () => loaders.unreadGroups(),
        reactionMembers: (...key) => loaders.reactionMembers(...key),
        hasReacted: (...key) => loaders.hasReacted(...key),
      },
    },
    again: () => (hasPassed ? 'at a newer moment' : undefined),
    async close() {
      isClosed = true;
      try {
        await (await opening)?.moment.close();
      } catch {
        // It could not be opened: whoever asked for it was told.
      }
    },
  };
}
