import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReadMoment } from '../../src/ports/read-moment.ts';
import { type Mutation, mutation, type Name, names, steps } from './commands-that-are-undone.ts';
import { patchedMoments } from './patched-moments.ts';
import { type Answer, type Person, type RunningServer, startTestServer } from './running-server.ts';

const inputTypes: Readonly<Record<string, string>> = { addReaction: 'ReactionInput', removeReaction: 'ReactionInput' };
const aboutMessages = /Message$|Reaction$/;

function documentOf(field: string): string {
  const type = inputTypes[field] ?? `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const shown = aboutMessages.test(field) ? 'message { seq text }' : 'group { name version }';
  return `mutation ($input: ${type}!) { ${field}(input: $input) { position ${shown} } }`;
}

let server: RunningServer;
const people = new Map<Name, Person>();
const personOf = (name: Name): Person => people.get(name) ?? expect.fail(`${name} is not here`);
const firstPositions: string[] = [];

interface Payload {
  readonly position: string;
  readonly group?: { readonly name: string; readonly version: number } | null;
  readonly message?: { readonly seq: number; readonly text: string | null } | null;
}

const ask = ({ by, field, input }: Mutation, commandId?: string): Promise<Answer> =>
  personOf(by).ask(documentOf(field), { input: { ...input, commandId } });

async function payload(one: Mutation, commandId?: string): Promise<Payload> {
  const { data, errors } = await ask(one, commandId);
  expect(errors).toBeUndefined();
  return (data as unknown as Record<string, Payload>)[one.field] ?? expect.fail('no payload');
}

const commandIdOf = (index: number): string => `command-${index}`;
const newestState = () => server.services.commands.newestGroup('lunch');
const newest = async () => (await newestState()).version;

beforeAll(async () => {
  server = await startTestServer();
  await takePeople();
  for (const [index, step] of steps.entries()) {
    firstPositions.push((await payload(step.mutation, commandIdOf(index))).position);
    if (step.undoneBy !== undefined) await payload(step.undoneBy);
  }
});
afterAll(() => server.stop());

async function takePeople(): Promise<void> {
  for (const name of names) people.set(name, await server.person(name));
}

/** Each command again: success, where its events stand, and nothing new in the log. */
function eachIsAnsweredAsItWas(): void {
  test.each([...steps.entries()].map(([index, { mutation: one }]) => ({ index, one, field: one.field })))(
    '$index: $field',
    async ({ index, one }) => {
      const before = await newest();
      const again = await payload(one, commandIdOf(index));
      expect(again.position).toBe(firstPositions[index]);
      if (again.group) expect(again.group).toEqual({ name: 'Dinner', version: before });
      if (again.message) expect(again.message.text).toBe(again.message.seq === 2 ? 'Welcome' : null);
      expect(await newest()).toBe(before);
    },
  );
}

describe('at once', eachIsAnsweredAsItWas);

describe('after a restart', () => {
  beforeAll(async () => {
    await server.restart();
    await takePeople();
  });
  eachIsAnsweredAsItWas();
});

describe('after so much else that the memory has let go of it', () => {
  beforeAll(async () => {
    const { commands, freshness } = server.services;
    for (let round = 0; round < 3; round += 1) {
      const sent = await Promise.all(
        Array.from({ length: 2_100 }, (_, index) => {
          const messageId = `filler-${round}-${index}`;
          const order = { type: 'SendMessage', messageId, text: 'filler', mentions: [] } as const;
          const envelope = { commandId: messageId, actorId: 'ada', at: new Date().toISOString() };
          return commands.handleGroup('lunch', { ...order, ...envelope });
        }),
      );
      const last = sent.at(-1);
      if (last === undefined || 'refused' in last) throw new Error('a message was refused');
      expect(await freshness.atLeast(last.position)).toBeUndefined();
    }
    const { state } = await commands.group('lunch');
    expect(state.messages.byId.has('m-2') || state.olderMessages.byId.has('m-2')).toBe(false);
    expect(state.commands.byId.size + state.olderCommands.byId.size).toBe(0);
  });
  eachIsAnsweredAsItWas();
});

test('what a repetition shows is no older than what this process knows of the group', async () => {
  const asked: number[] = [];
  const freshness = server.services.freshness as { atLeast(position: number | null | undefined): Promise<unknown> };
  const { atLeast } = freshness;
  freshness.atLeast = (position) => {
    asked.push(position ?? 0);
    return atLeast(position);
  };
  const index = steps.findIndex(({ mutation: { field } }) => field === 'editMessage');
  const { mutation: edit } = steps[index] ?? expect.fail('nothing was edited');
  await payload(edit, commandIdOf(index)).finally(() => Object.assign(freshness, { atLeast }));
  expect(Math.max(...asked)).toBe((await newestState()).position);
});

describe('an id', () => {
  test('that is used again for something else is a conflict', async () => {
    const renamed = mutation('ada', 'renameGroup', { name: 'Supper' });
    for (const commandId of [commandIdOf(0), commandIdOf(1)]) {
      expect((await ask(renamed, commandId)).errors?.[0]?.extensions.code).toBe('CONFLICT');
    }
    expect((await newestState()).state.name).toBe('Dinner');
  });

  test('is its client’s own: somebody else may use the same', async () => {
    await payload(mutation('ben', 'renameMember', { name: 'Ben' }), commandIdOf(2));
    expect((await newestState()).state.members.get('ben')?.name).toBe('Ben');
  });

  test.each(['', 'two words', 'x'.repeat(129)])('that is none is refused: %j', async (commandId) => {
    const answer = await ask(mutation('ada', 'renameGroup', { name: 'Supper' }), commandId);
    expect(answer.errors?.[0]?.extensions.code).toBe('BAD_INPUT');
  });

  test('makes one group of a creation that names none', async () => {
    const document = documentOf('createGroup').replace('name version', 'name id');
    const input = { name: 'Unnamed', commandId: 'unnamed' };
    const first = await personOf('ada').get<object>(document, { input });
    expect(await personOf('ada').get<object>(document, { input })).toEqual(first);
  });

  test('is taken by marks, which change nothing the second time in any case', async () => {
    const document =
      'mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position marks { groupId markedUpTo } } }';
    const input = { marks: [{ groupId: 'lunch', upTo: 7 }], commandId: 'marked' };
    const first = await personOf('ben').get<{ readonly markReadUpTo: object }>(document, { input });
    await personOf('ben').get(document, { input: { marks: [{ groupId: 'lunch', upTo: 9 }] } });
    const again = await personOf('ben').get<typeof first>(document, { input });
    expect(first.markReadUpTo).toMatchObject({ marks: [{ groupId: 'lunch', markedUpTo: 7 }] });
    expect(again.markReadUpTo).toMatchObject({ marks: [{ groupId: 'lunch', markedUpTo: 9 }] });
  });
});

describe('one who is gone', () => {
  beforeAll(async () => {
    await payload(mutation('ada', 'removeMember', { userId: 'cyd' }));
    await payload(mutation('gus', 'leaveGroup', {}), 'gus-leaves');
  });
  const own = [...steps.entries()].filter(([, step]) => step.mutation.by === 'cyd');

  test.each(own.map(([index, { mutation: one }]) => ({ index, one, field: one.field })))(
    'is told that $field was done ($index), and nothing of what became of it',
    async ({ index, one }) => {
      const { position, ...shown } = await payload(one, commandIdOf(index));
      expect(position).toBe(firstPositions[index]);
      expect(shown).toEqual({ message: null });
      await payload(mutation('ada', 'renameGroup', { name: `Renamed ${index}` }));
      expect(await payload(one, commandIdOf(index))).toEqual({ position, message: null });
    },
  );

  test('is told that a message was sent, also by its own id alone', async () => {
    const index = steps.findIndex(({ mutation: one }) => one.input['messageId'] === 'm-2');
    const sent = steps[index]?.mutation ?? expect.fail('no such step');
    expect(await payload(sent)).toEqual({ position: firstPositions[index], message: null });
    const other = await ask({ ...sent, input: { ...sent.input, messageId: 'm-4' } });
    expect(other.errors?.[0]?.extensions.code).toBe('NOT_A_MEMBER');
  });

  test.each(['cyd', 'gus'] as const)('may leave again and learns nothing: %s', async (by) => {
    const leave = mutation(by, 'leaveGroup', {});
    const first = await payload(leave);
    expect(first.group).toBeNull();
    await payload(mutation('ada', 'renameGroup', { name: `After ${by}` }));
    expect(await payload(leave)).toEqual(first);
  });

  test('who has left under an id is told where they did, for ever', async () => {
    const leave = mutation('gus', 'leaveGroup', {});
    const first = await payload(leave, 'gus-leaves');
    await payload(mutation('ada', 'renameGroup', { name: 'Once more' }));
    expect(await payload(leave, 'gus-leaves')).toEqual({ ...first, group: null });
  });

  test.each([
    ['group', mutation('eve', 'renameMember', { name: 'Eva' })],
    ['message', mutation('eve', 'addReaction', { messageId: 'm-2', emoji: '👋' })],
  ] as const)('while a %s is read for their answer is not told what was read', async (shown, one) => {
    const { commands } = server.services;
    const remove = { type: 'RemoveMember', userId: 'eve', actorId: 'ada', at: new Date().toISOString() } as const;
    const removing = async <Read>(read: Read): Promise<Read> => {
      await commands.handleGroup('lunch', { ...remove, commandId: `while-${shown}-is-read` });
      return read;
    };
    // A group is in memory, and its rights are looked up before; a message is in rows.
    const { group } = commands;
    let looks = 0;
    commands.group = async (groupId) => {
      const state = await group(groupId);
      looks += 1;
      return shown === 'group' && looks === 2 ? removing(state) : state;
    };
    const messages = (moment: ReadMoment): Partial<ReadMoment> => ({
      messages: async (...asked) => removing(await moment.messages(...asked)),
    });
    const told = await patchedMoments(server, messages, () => payload(one)).finally(() => {
      commands.group = group;
    });
    expect(told).toEqual({ position: expect.any(String), [shown]: null });
    await payload(mutation('ada', 'addMembers', { members: [{ userId: 'eve' }] }));
  });

  test('is refused what they have never done', async () => {
    const late = await ask(mutation('cyd', 'renameMember', { name: 'Sid' }), 'too-late');
    expect(late.errors?.[0]?.extensions.code).toBe('NOT_A_MEMBER');
  });
});
