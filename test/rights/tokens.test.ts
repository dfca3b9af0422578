import { expect, test } from 'vitest';
import { createTokens } from '../../src/rights/tokens.ts';

const secret = 'a secret of more than thirty-two bytes';
const tokens = createTokens(secret, Date.now);

test('a token is read, and read again', async () => {
  const token = await tokens.issue({ userId: 'ada', name: 'Ada' }, 600);
  for (let times = 0; times < 2; times += 1) {
    expect(await tokens.verify(`Bearer ${token}`)).toMatchObject({ userId: 'ada', name: 'Ada' });
  }
});

test('a token that was remembered is refused once it has expired', async () => {
  let now = 1_800_000_000_000;
  const clocked = createTokens(secret, () => now);
  const authorization = `Bearer ${await clocked.issue({ userId: 'ada' }, 60)}`;
  expect(await clocked.verify(authorization)).toMatchObject({ userId: 'ada' });
  now += 61_000;
  expect(await clocked.verify(authorization)).toMatchObject({ refused: { problem: 'The token has expired.' } });
});

test('a token longer than any that is issued is refused unread, though its signature holds', async () => {
  const token = await tokens.issue({ userId: 'ada', name: 'x'.repeat(4_000) }, 600);
  expect(await tokens.verify(`Bearer ${token}`)).toMatchObject({ refused: { problem: 'the token is too long' } });
});
