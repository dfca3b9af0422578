import { afterAll, expect, it } from 'vitest';
import { utcMoment } from '../../src/api/date-time.ts';
import { startTestServer } from './running-server.ts';

const server = await startTestServer();
afterAll(() => server.stop());
const ada = await server.person('ada');

const moments: readonly (readonly [text: string, utc: string])[] = [
  ['2011-08-30T13:22:53.108Z', '2011-08-30T13:22:53.108Z'],
  ['2011-08-30T13:22:53.108+00:00', '2011-08-30T13:22:53.108Z'],
  ['2011-08-30t13:22:53.108z', '2011-08-30T13:22:53.108Z'],
  ['2011-08-30T13:22:53.108-03:00', '2011-08-30T16:22:53.108Z'],
  ['2011-08-30T13:22:53.108+03:30', '2011-08-30T09:52:53.108Z'],
  ['2011-08-30T13:22:53Z', '2011-08-30T13:22:53.000Z'],
  ['2011-08-30T13:22:53.1Z', '2011-08-30T13:22:53.100Z'],
  ['2011-08-30T13:22:53.123999999Z', '2011-08-30T13:22:53.123Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2000-02-29T23:59:59.999+23:59', '2000-02-29T00:00:59.999Z'],
  ['2026-12-31T23:30:00-01:00', '2027-01-01T00:30:00.000Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
  ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
];

it.each(moments)('reads %s as %s', (text, utc) => {
  expect(utcMoment(text)).toEqual({ utc });
});

const form = 'is a date, a time and an offset';
const refused: readonly (readonly [text: string, problem: string])[] = [
  ['2011-08-30T13:22:53.108', form],
  ['2011-08-30', form],
  ['2011-08-30T13:22Z', form],
  ['2011-08-30T13:22:53.108-03', form],
  ['2011-08-30T13:22:53.108+0300', form],
  ['2011-08-30T13:22:53.108+03:30:15', form],
  ['2011-08-30T13:22:53.108 Z', form],
  ['2011-08-30 13:22:53Z', form],
  ['2011-08-30T13:22:53,108Z', form],
  ['2011-08-30T13:22:53.Z', form],
  ['2011-08-30T13:22:53.1234567890Z', form],
  [' 2011-08-30T13:22:53Z', form],
  ['2011-08-30T13:22:53Z\n', form],
  ['2011-8-30T13:22:53Z', form],
  ['20110830T132253Z', form],
  ['2011-W35-2T13:22:53Z', form],
  ['2011-242T13:22:53Z', form],
  ['10000-01-01T00:00:00Z', form],
  ['+010000-01-01T00:00:00Z', form],
  ['-000001-01-01T00:00:00Z', form],
  ['２０１１-08-30T13:22:53Z', form],
  ['1314710573', form],
  ['Tue, 30 Aug 2011 13:22:53 GMT', form],
  ['', form],
  ['2011-08-30T13:22:53[Europe/Berlin]', form],
  ['2011-08-30T13:22:53.108-00:00', 'has a known offset, which -00:00 is not'],
  ['2011-02-30T13:22:53Z', 'is a day that the calendar has'],
  ['2011-02-29T13:22:53Z', 'is a day that the calendar has'],
  ['1900-02-29T13:22:53Z', 'is a day that the calendar has'],
  ['2011-04-31T13:22:53Z', 'is a day that the calendar has'],
  ['2011-13-01T13:22:53Z', 'is a day that the calendar has'],
  ['2011-00-01T13:22:53Z', 'is a day that the calendar has'],
  ['2011-01-00T13:22:53Z', 'is a day that the calendar has'],
  ['2011-08-30T24:00:00Z', 'has an hour from 00 to 23'],
  ['2011-08-30T13:60:00Z', 'has a minute from 00 to 59'],
  ['2016-12-31T23:59:60Z', 'has a second from 00 to 59'],
  ['2011-08-30T13:22:53+24:00', 'has an offset from -23:59 to +23:59'],
  ['2011-08-30T13:22:53+03:60', 'has an offset from -23:59 to +23:59'],
  ['0000-01-01T00:00:00+00:01', 'is between the years 0000 and 9999 in UTC'],
  ['9999-12-31T23:59:59-00:01', 'is between the years 0000 and 9999 in UTC'],
];

it.each(refused)('refuses %j, and says that it %s', (text, problem) => {
  expect(utcMoment(text)).toEqual({ problem: expect.stringContaining(problem) });
});

it('is refused by the API in the same words, as a variable and in the document', async () => {
  const query = (at: string, variables = '') =>
    `query Q${variables} { message(groupId: "g", messageId: "m") { readers(at: ${at}) { pageInfo { hasNextPage } } } }`;
  const words = 'A DateTime is a day that the calendar has.';
  for (const answer of [
    await ada.ask(query('"2011-02-30T13:22:53Z"')),
    await ada.ask(query('$at', '($at: DateTime)'), { at: '2011-02-30T13:22:53Z' }),
  ]) {
    expect(answer.errors?.[0]).toMatchObject({
      message: expect.stringContaining(words),
      extensions: { code: 'BAD_INPUT' },
    });
  }
  const number = await ada.ask(query('1314710573'));
  expect(number.errors?.[0]?.message).toContain('A DateTime is a string.');
});
