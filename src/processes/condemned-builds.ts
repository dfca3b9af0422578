import type { Logger } from 'pino';
import type { BuildId, ReadModelBuilds } from '../ports/read-model-builds.ts';

/**
 * Throws away what readers have met damage in: the writer may never touch what is damaged. Each query may meet it until another
 * build answers: it is told and thrown away once. Never throws.
 */
export function condemning(
  builds: Pick<ReadModelBuilds, 'throwAway'>,
  logger: Pick<Logger, 'error'>,
): (id: BuildId, reason: string) => void {
  const condemned = new Set<BuildId>();

  async function throwAway(build: BuildId): Promise<void> {
    try {
      await builds.throwAway(build);
    } catch (error) {
      condemned.delete(build);
      logger.error({ build, err: error }, 'the damaged read models cannot be thrown away');
    }
  }

  return (build, reason) => {
    if (condemned.has(build)) return;
    condemned.add(build);
    logger.error({ build, reason }, 'the read models are damaged; they are built anew');
    void throwAway(build);
  };
}
