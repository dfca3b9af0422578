import { buildSchema, type GraphQLResolveInfo } from 'graphql';
import { expect, it, vi } from 'vitest';
import { limitRates } from '../../src/api/schema/limit-rates.ts';

const items = (next: () => Promise<IteratorResult<number>>): AsyncIterableIterator<number> => ({
  next,
  return: async () => ({ done: true, value: undefined }),
  [Symbol.asyncIterator]() {
    return this;
  },
});

/** Begins the subscription of a schema that does as the test says, and what was counted for it. */
function begin(subscribe: () => Promise<AsyncIterableIterator<number>>) {
  const schema = buildSchema('type Query { a: Int } type Subscription { numbers: Int }');
  const field = schema.getSubscriptionType()?.getFields()['numbers'];
  if (field === undefined) throw new Error('there is no such field');
  field.subscribe = subscribe;
  limitRates(schema);
  const release = vi.fn();
  const rates = { subscription: vi.fn(() => release), take() {} };
  const begun = field.subscribe({}, {}, { rates, viewer: () => ({}) }, {} as GraphQLResolveInfo);
  return { begun: begun as Promise<AsyncIterableIterator<number>>, release };
}

it('counts a subscription until it ends', async () => {
  const results: IteratorResult<number>[] = [
    { done: false, value: 1 },
    { done: true, value: undefined },
  ];
  const { begun, release } = begin(async () => items(async () => results.shift() ?? { done: true, value: undefined }));
  const subscription = await begun;
  await subscription.next();
  expect(release).not.toHaveBeenCalled();
  await subscription.next();
  expect(release).toHaveBeenCalled();
});

it('counts it no more once nobody wants it', async () => {
  const { begun, release } = begin(async () => items(async () => ({ done: false, value: 1 })));
  await (await begun).return?.();
  expect(release).toHaveBeenCalled();
});

it('counts it no more once it fails, and not at all where it cannot begin', async () => {
  const broken = () => Promise.reject(new RangeError('by order of the test'));
  const failing = begin(async () => items(broken));
  await expect((await failing.begun).next()).rejects.toThrow(RangeError);
  expect(failing.release).toHaveBeenCalled();
  const refused = begin(broken);
  await expect(refused.begun).rejects.toThrow(RangeError);
  expect(refused.release).toHaveBeenCalled();
});
