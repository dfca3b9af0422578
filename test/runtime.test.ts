import { expect, test } from 'vitest';

test('the tests run on Node 26, as the product does', () => {
  expect(process.versions.node.split('.')[0]).toBe('26');
});
