import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';

describe('what a command says', () => {
  test('is the same whatever the order of its fields, and whether one is left out or undefined', () => {
    const order = { type: 'AddMembers', members: [{ userId: 'eve', role: 'admin' }] };
    expect(digestOf({ members: [{ role: 'admin', name: undefined, userId: 'eve' }], type: 'AddMembers' })).toBe(
      digestOf(order),
    );
  });

  test('does not depend on what the token calls its creator', () => {
    const create = { type: 'CreateGroup', groupId: 'lunch', name: 'Lunch', members: [] };
    expect(digestOf({ ...create, creatorName: 'Ada' })).toBe(digestOf({ ...create, creatorName: 'Ada Lovelace' }));
  });

  test.each([
    ['another value', { type: 'RenameGroup', name: 'Teas' }],
    ['another type', { type: 'RenameMember', name: 'Tea' }],
    ['a field more', { type: 'RenameGroup', name: 'Tea', userId: 'ada' }],
    ['a null', { type: 'RenameGroup', name: null }],
    ['a text that looks like two fields', { type: 'RenameGroup","name":"Tea' }],
  ])('is something else with %s', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf({ type: 'RenameGroup', name: 'Tea' }));
  });
});
