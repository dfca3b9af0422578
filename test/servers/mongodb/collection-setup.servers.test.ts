import type { Document } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProjectedWriter } from '../../contract/projected-writer.ts';
import { History } from '../../contract/read-models-history.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { openBuilds, openWriter } from './open-build.ts';
import { startWireProxy, type WireCommand, type WireProxy } from './wire-proxy.ts';

let fresh: FreshDatabase;
let proxy: WireProxy;
let notices: string[];

beforeEach(async () => {
  fresh = freshDatabase();
  proxy = await startWireProxy(fresh.url);
  notices = [];
});
afterEach(async () => {
  await proxy.close();
  await fresh.drop();
});

/** A build through the proxy, and its one writer. */
async function open(): Promise<ProjectedWriter> {
  const builds = openBuilds(proxy.url, { onNotice: (notice) => void notices.push(notice) });
  const build = await builds.create();
  await builds.close();
  return openWriter(proxy.url, build);
}

async function expectToWork(writer: ProjectedWriter): Promise<void> {
  const history = new History().create('g', 'Group', ['ada', 'bob']).send('g', 'ada', 'one').mark('g', 'bob', 1);
  await history.apply(writer);
  expect(await writer.groupSnapshots(['g'])).toMatchObject([{ group: { lastSeq: 1 }, position: history.position }]);
  await writer.close();
}

const setsValidator = ({ name, body }: WireCommand): boolean => name === 'create' && 'validator' in body;

/** As servers answer that lack what is asked for, each in its own way. */
const lacking: readonly (readonly [string, Document])[] = [
  ['command not found', { ok: 0, code: 59, codeName: 'CommandNotFound', errmsg: 'no such command' }],
  ['an invalid option', { ok: 0, code: 72, codeName: 'InvalidOptions', errmsg: 'validator is no option' }],
  ['a command that is not supported', { ok: 0, code: 115, codeName: 'CommandNotSupported', errmsg: 'not supported' }],
  ['not implemented', { ok: 0, code: 238, codeName: 'NotImplemented', errmsg: 'not implemented yet' }],
  ['an unknown field', { ok: 0, code: 40_415, errmsg: "BSON field 'create.validator' is an unknown field" }],
  ['a message without a code', { ok: 0, errmsg: 'ns not found' }],
];

describe('a server without validators', () => {
  test.for(lacking)('is said once to be one, and is written to: %s', async ([, answer]) => {
    proxy.decide = (command) => (setsValidator(command) ? { answer } : 'through');
    await expectToWork(await open());
    expect(notices).toEqual([expect.stringMatching(/does not validate/)]);
  });
});
