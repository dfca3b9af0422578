import { type Document, MongoClient } from 'mongodb';

/** What a member of a replica set answers now and then. */
export interface FailPoint {
  readonly name: string;
  /** As `configureFailPoint` takes it. */
  readonly data: Document;
}

/** The name by which Highwater's own connections say who they are: nobody else's commands fail. */
const appName = 'highwater';

const answers: readonly (readonly [string, Document])[] = [
  ['the connection is closed', { closeConnection: true }],
  ['it is not the primary (10107)', { errorCode: 10_107 }],
  ['it has stepped down (189)', { errorCode: 189 }],
  ['it shuts down (91)', { errorCode: 91 }],
  ['its state changes (11602)', { errorCode: 11_602 }],
  ['the time is over (50)', { errorCode: 50 }],
  ['writes conflict (112)', { errorCode: 112 }],
  ['it is no primary to read from (13435)', { errorCode: 13_435 }],
];
const lateReplication = {
  writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' },
};

const writes = ['insert', 'update', 'findAndModify'];
const reads = ['find', 'getMore', 'aggregate'];

/** One of them, on some of the commands that the read models are written and read by. */
export function chooseFailPoint(random: () => number): FailPoint {
  const any = <Choice>(choices: readonly Choice[]): Choice => choices[Math.floor(random() * choices.length)] as Choice;
  const isLate = random() < 0.12;
  const [what, data] = isLate ? (['replication is late (64)', lateReplication] as const) : any(answers);
  const failCommands = isLate ? writes : any([writes, writes, reads, [...writes, ...reads], [any(writes)]]);
  return { name: `${what}, to ${failCommands.join(', ')}`, data: { ...data, failCommands, appName } };
}

/** Every write, for longer than the driver tries again. */
export const everyWrite: FailPoint = {
  name: 'its state changes (11602), to every write',
  data: { errorCode: 11_602, failCommands: writes, appName },
};

export interface FailPoints {
  /** From now on, so often or until `disarm`. */
  arm(failPoint: FailPoint, mode: 'alwaysOn' | { readonly times: number; readonly skip?: number }): Promise<void>;
  disarm(): Promise<void>;
  close(): Promise<void>;
}

/** Of a server that has them: a mongod with `enableTestCommands`, or SecantusDB. Undefined for another. */
export async function openFailPoints(url: string): Promise<FailPoints | undefined> {
  const client = new MongoClient(url, { appName: 'torture' });
  const configure = (mode: unknown, data?: Document) =>
    client.db('admin').command({ configureFailPoint: 'failCommand', mode, ...(data && { data }) });
  const has = await configure('off').then(
    () => true,
    () => false,
  );
  if (!has) {
    await client.close();
    return undefined;
  }
  return {
    arm: async ({ data }, mode) => void (await configure(mode, data)),
    disarm: async () => void (await configure('off')),
    close: () => client.close(),
  };
}
