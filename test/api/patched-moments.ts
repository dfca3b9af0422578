import type { ReadMoment } from '../../src/ports/read-moment.ts';
import type { RunningServer } from './running-server.ts';

/** While `run` runs, every moment of the server's read models answers these queries as they are given. */
export async function patchedMoments<Result>(
  { services }: RunningServer,
  patch: (moment: ReadMoment) => Partial<ReadMoment>,
  run: () => Promise<Result>,
): Promise<Result> {
  const readModels = services.readModels as { moment(): Promise<ReadMoment> };
  const { moment: open } = readModels;
  readModels.moment = async () => {
    const moment = await open();
    return { ...moment, ...patch(moment) };
  };
  try {
    return await run();
  } finally {
    readModels.moment = open;
  }
}
