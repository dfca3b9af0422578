import { expect, test, vi } from 'vitest';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { createListeners } from '../../src/ports/listeners.ts';

test('each listener is told, whatever becomes of the others, until it is taken away; also one that was added twice', () => {
  const defects: unknown[] = [];
  const listeners = createListeners<[string]>((error) => void defects.push(error));
  const heard = vi.fn();
  const takeAway = listeners.add(heard);
  listeners.add(() => {
    throw new Error('by order of the test');
  });
  listeners.add(heard);
  listeners.tell('one');
  expect(heard.mock.calls).toEqual([['one'], ['one']]);
  expect(defects).toMatchObject([{ message: 'by order of the test' }]);
  takeAway();
  listeners.tell('two');
  expect(heard.mock.calls.slice(2)).toEqual([['two']]);
});

test('a group is halted for everybody, also where one who is told of it throws', () => {
  const defects: unknown[] = [];
  const halted = createHaltedGroups((error) => void defects.push(error));
  const others = vi.fn();
  halted.watch(() => {
    throw new Error('by order of the test');
  });
  halted.watch(others);
  const asked = { groupId: 'g', position: 1, reason: 'not JSON' };
  expect(halted.halt(asked).message).toBe('group g is halted: not JSON');
  halted.learn([{ ...asked, groupId: 'h' }], true);
  halted.learn([], true);
  expect(others.mock.calls).toEqual([
    ['g', asked],
    ['h', { ...asked, groupId: 'h' }],
    ['h', undefined],
  ]);
  expect(defects).toHaveLength(3);
});
