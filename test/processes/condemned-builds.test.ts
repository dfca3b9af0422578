import { expect, test, vi } from 'vitest';
import { condemning } from '../../src/processes/condemned-builds.ts';

test('a damaged build is told and thrown away once, however many queries meet it, and again where that has failed', async () => {
  const throwAway = vi.fn(async () => {});
  const error = vi.fn();
  const condemn = condemning({ throwAway }, { error });
  throwAway.mockRejectedValueOnce(new Error('the store is away'));
  condemn('one', 'a page is damaged');
  condemn('one', 'a page is damaged');
  await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(2));
  for (const build of ['one', 'two', 'one', 'two']) condemn(build, 'a page is damaged');
  expect(throwAway.mock.calls).toEqual([['one'], ['one'], ['two']]);
  expect(error).toHaveBeenCalledTimes(4);
});
