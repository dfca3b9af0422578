import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeData, UndecodableEvent } from '../../src/events/codec.ts';
import { root } from '../structure/source-files.ts';
import { pollOpened, pollOpenedInVersion1 } from './poll-opened.ts';

const manual = readFileSync(join(root, 'docs', 'evolution.md'), 'utf8');
const example = readFileSync(join(root, 'test', 'evolution', 'poll-opened.ts'), 'utf8');

/** What version 1 has left in logs: never changed, only added to. */
const frozen = [
  { version: 1, data: '{"question":"Lunch?","yesNo":true}', says: { question: 'Lunch?', answers: ['yes', 'no'] } },
  { version: 1, data: '{"question":"Where?","yesNo":false}', says: { question: 'Where?', answers: [] } },
  {
    version: 2,
    data: '{"question":"Where?","answers":["here","there"]}',
    says: { question: 'Where?', answers: ['here', 'there'] },
  },
];

describe('the example of docs/evolution.md', () => {
  test('is the code that is tested here', () => {
    const [, code = ''] = /```ts\n(export const pollOpened = [\s\S]*?)```/.exec(manual) ?? [];
    expect(code).not.toBe('');
    expect(example).toContain(code.trim());
    for (const { data } of frozen) expect(manual).toContain(data);
  });

  test('reads every shape that a log may hold, as what it says today', () => {
    for (const { version, data, says } of frozen) expect(decodeData(pollOpened, data, version)).toEqual(says);
  });

  test('is refused by the release before, which halts the group until it is upgraded', () => {
    const [, , newest] = frozen;
    expect(() => decodeData(pollOpenedInVersion1, newest?.data ?? '', 2)).toThrow(UndecodableEvent);
    expect(() => decodeData(pollOpenedInVersion1, newest?.data ?? '', 2)).toThrow(/knows it up to version 1/);
  });
});

test('every file that docs/evolution.md names is there', () => {
  const links = [...manual.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) =>
    join(root, 'docs', dirname('x'), target),
  );
  const named = [...manual.matchAll(/`((?:src|test|docs)\/[\w./-]+\.(?:ts|md))`/g)].map(([, path = '']) =>
    join(root, path),
  );
  expect(named.length).toBeGreaterThan(8);
  expect([...links, ...named].filter((path) => !existsSync(path))).toEqual([]);
});
