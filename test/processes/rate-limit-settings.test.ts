import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { operationBudget } from '../../src/api/document-limits.ts';
import { createQueryCost } from '../../src/api/query-cost.ts';
import { maximumMarks } from '../../src/api/schema/mark-mutation.ts';
import { schema } from '../../src/api/schema/schema.ts';
import { ConfigInvalid, readConfig } from '../../src/config.ts';
import { readRateLimits } from '../../src/processes/rate-limit-settings.ts';
import { markReadUpTo } from '../api/documents.ts';

const settings = (text: string) => readConfig({ HIGHWATER_RATE_LIMITS: text }).rateLimits;

it('are there without a word, can be changed one by one, and switched off', () => {
  const usual = readConfig({}).rateLimits;
  expect(usual).toEqual(readRateLimits(''));
  expect(settings('off')).toBeUndefined();
  const other = settings('sends=1.5/20, marks-per-address=3/4,failed-tokens-per-address=1/2,sockets-per-person=7');
  expect(other?.perPerson.sends).toEqual({ perSecond: 1.5, burst: 20 });
  expect(other?.perAddress.marks).toEqual({ perSecond: 3, burst: 4 });
  expect(other?.perAddress.failedTokens).toEqual({ perSecond: 1, burst: 2 });
  expect(other?.socketsPerPerson).toBe(7);
  expect(other?.perPerson.marks).toEqual(usual?.perPerson.marks);
});

it.each([
  'sends',
  'sends=5',
  'sends=0/5',
  'sends=5/0',
  'sends=-1/5',
  'emails=1/2',
  'sockets-per-person=1/2',
  'on',
  '1',
])('of %s are refused by the name of the variable', (text) => {
  expect(() => settings(text)).toThrow(ConfigInvalid);
  expect(() => settings(text)).toThrow(/HIGHWATER_RATE_LIMITS must be off, or limits such as .*: .*/);
});

it('let through at once what one request may hold', () => {
  const usual = readRateLimits('');
  expect(usual?.perPerson.points.burst).toBeGreaterThanOrEqual(5 * operationBudget);
  expect(usual?.perPerson.marks.burst).toBeGreaterThanOrEqual(5 * maximumMarks);
});

it('believes no proxy that is not named, and names are addresses or networks', () => {
  const proxies = (text: string) => readConfig({ HIGHWATER_TRUSTED_PROXIES: text }).trustedProxies;
  expect(readConfig({}).trustedProxies).toEqual([]);
  expect(proxies('10.0.0.0/8, fd00::/8,192.0.2.1')).toEqual(['10.0.0.0/8', 'fd00::/8', '192.0.2.1']);
  for (const text of ['proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0']) {
    expect(() => proxies(text)).toThrow(/HIGHWATER_TRUSTED_PROXIES must be addresses or networks/);
  }
});

it('let ten thousand readers behind one address mark every two seconds', () => {
  const perAddress = readRateLimits('')?.perAddress;
  const { points } = createQueryCost(schema).of(parse(markReadUpTo), undefined, {});
  const marksPerSecond = 10_000 / 2;
  expect(perAddress?.marks.perSecond).toBeGreaterThanOrEqual(marksPerSecond);
  expect(perAddress?.points.perSecond).toBeGreaterThanOrEqual(points * marksPerSecond);
});
