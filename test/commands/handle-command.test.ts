import { beforeEach, describe, expect, test } from 'vitest';
import { maximumAppendBytes } from '../../src/ports/event-log.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { added, edited, left, removed, sent } from './events.ts';
import { createLunch, groupEvents, message, outcome, type Process, startProcess } from './process.ts';

let log: InMemoryEventLog;
let here: Process;
let elsewhere: Process;

beforeEach(async () => {
  log = createInMemoryEventLog();
  here = startProcess(log);
  elsewhere = startProcess(log);
  await here.order('ada', createLunch);
});

/** Lets the next append begin and holds it until `release` is called. */
function holdNextAppend() {
  const begun = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  log.beforeAppend = async () => {
    log.beforeAppend = () => undefined;
    begun.resolve();
    await held.promise;
  };
  return { begun: begun.promise, release: held.resolve };
}

/** Does this elsewhere at the moment when the next append from here is on its way. */
function meanwhile(work: () => Promise<unknown>): void {
  log.beforeAppend = async () => {
    log.beforeAppend = () => undefined;
    await work();
  };
}

const messagesSent = () => groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data] : []));
const said = (seq: number, authorId: string, messageId: string, audienceCount = 3) =>
  sent(seq, authorId, { messageId, text: messageId, audienceCount });

describe('committing in groups', () => {
  test('commands that arrive together are appended together, in their order', async () => {
    const handled = await Promise.all(['a', 'b', 'c'].map((id) => here.order('bob', message(id))));
    expect(log.appendSizes).toEqual([2, 3]);
    expect(messagesSent().map(({ seq, messageId }) => `${seq} ${messageId}`)).toEqual(['1 a', '2 b', '3 c']);
    expect(handled).toMatchObject(
      ['a', 'b', 'c'].map((id, index) => ({ events: [{ event: said(index + 1, 'bob', id), version: 2 + index }] })),
    );
  });

  test('commands that arrive while an append is under way are appended together after it, in their order', async () => {
    const { begun, release } = holdNextAppend();
    const first = here.order('bob', message('first'));
    await begun;
    const rest = Promise.all(['a', 'b', 'c', 'd'].map((id) => here.order('cleo', message(id))));
    release();
    await Promise.all([first, rest]);
    expect(log.appendSizes).toEqual([2, 1, 4]);
    expect(messagesSent().map(({ messageId }) => messageId)).toEqual(['first', 'a', 'b', 'c', 'd']);
  });

  test('nobody is answered before their append is durable', async () => {
    const { begun, release } = holdNextAppend();
    const answers: string[] = [];
    const pending = ['a', 'b'].map((id) => here.order('bob', message(id)).then(() => answers.push(id)));
    await begun;
    await new Promise(setImmediate);
    expect(answers).toEqual([]);
    release();
    await Promise.all(pending);
    expect(answers).toEqual(['a', 'b']);
  });

  test('each command is decided on what the ones before it in its batch come to', async () => {
    const handled = await Promise.all([
      here.order('bob', { type: 'AddMembers', members: [{ userId: 'eve' }] }),
      here.order('eve', message('a')),
      here.order('eve', message('a')),
      here.order('eve', { type: 'EditMessage', messageId: 'a', text: 'Hello' }),
      here.order('eve', { type: 'LeaveGroup' }),
      here.order('eve', message('b')),
    ]);
    expect(handled.map(outcome)).toEqual([
      [added({ eve: 'member' }, 5)],
      [said(1, 'eve', 'a', 4)],
      [],
      [{ type: 'MessageEdited', data: { messageId: 'a', seq: 1, text: 'Hello', mentionsAll: false } }],
      [left('eve', 4, 1)],
      { kind: 'no-longer-a-member' },
    ]);
  });

  test('groups do not wait for one another', async () => {
    const { begun, release } = holdNextAppend();
    const held = here.order('bob', message('held'));
    await begun;
    const command = { type: 'CreateGroup', groupId: 'dinner', name: 'Dinner', members: [] } as const;
    const envelope = { commandId: 'c', actorId: 'ada', at: '2026-11-24T12:00:00.000Z' };
    expect(outcome(await here.commands.handleGroup('dinner', { ...command, ...envelope }))).toHaveLength(2);
    release();
    await held;
  });

  test('the answer’s position and version are those at which the command can be read', async () => {
    const handled = await here.order('bob', message('a'));
    expect(handled).toMatchObject({ version: 2, position: log.all.at(-1)?.position, state: { lastSeq: 1 } });
    expect(await here.order('bob', message('a'))).toMatchObject({ events: [], position: log.all.at(-1)?.position });
  });
});

describe('a conflict', () => {
  test('is read on and decided again: both messages stand, each at its own seq', async () => {
    meanwhile(() => elsewhere.order('cleo', message('theirs')));
    const handled = await here.order('bob', message('ours'));
    expect(outcome(handled)).toEqual([said(2, 'bob', 'ours')]);
    expect(messagesSent().map(({ seq, messageId }) => `${seq} ${messageId}`)).toEqual(['1 theirs', '2 ours']);
  });

  test('loses an earlier command of the batch, and what was decided on it is decided again', async () => {
    meanwhile(() => elsewhere.order('ada', { type: 'ChangeMemberRole', userId: 'bob', role: 'member' }));
    const handled = await Promise.all([
      here.order('bob', { type: 'AddMembers', members: [{ userId: 'eve' }] }),
      here.order('eve', message('a')),
      here.order('cleo', message('b')),
    ]);
    expect(handled.map(outcome)).toEqual([
      { kind: 'forbidden', needs: 'owner or admin' },
      { kind: 'group-not-found' },
      [said(1, 'cleo', 'b')],
    ]);
  });

  test('turns a refusal into an acceptance where what it rested on never came to be', async () => {
    meanwhile(() => elsewhere.order('ada', { type: 'RemoveMember', userId: 'dan' }));
    const handled = await Promise.all([
      here.order('dan', message('id')),
      here.order('cleo', message('id')),
      here.order('eve', message('other')),
    ]);
    expect(handled.map(outcome)).toEqual([
      { kind: 'no-longer-a-member' },
      [said(1, 'cleo', 'id', 2)],
      { kind: 'group-not-found' },
    ]);
  });

  test('with the same command, stored from elsewhere, leaves it stored once and answered with success', async () => {
    meanwhile(() => elsewhere.order('bob', message('a'), 'the same command'));
    const handled = await here.order('bob', message('a'), 'the same command');
    expect('refused' in handled).toBe(false);
    expect(messagesSent()).toHaveLength(1);
  });

  test('with another command under the same id does not pass for success', async () => {
    meanwhile(() => elsewhere.order('cleo', { type: 'LeaveGroup' }, 'an id used twice'));
    const handled = await here.order('cleo', message('a'), 'an id used twice');
    expect(outcome(handled)).toEqual({ kind: 'no-longer-a-member' });
    expect(outcome(await here.order('bob', message('b')))).toEqual([said(1, 'bob', 'b', 2)]);
  });
});

describe('what appends nothing', () => {
  test('a refusal is given on the newest state, though this process has not followed the log so far', async () => {
    await elsewhere.order('ada', { type: 'AddMembers', members: [{ userId: 'eve' }] });
    expect(outcome(await here.order('eve', message('a')))).toEqual([said(1, 'eve', 'a', 4)]);
  });

  test('nothing to do is said of the newest state only', async () => {
    await here.order('bob', message('a'));
    const react = { type: 'AddReaction', messageId: 'a', emoji: '👍' } as const;
    await here.order('cleo', react);
    await elsewhere.order('cleo', { ...react, type: 'RemoveReaction' });
    expect(outcome(await here.order('cleo', react))).toHaveLength(1);
  });

  test('a message that another process has just stored can be answered and edited at once', async () => {
    await here.order('bob', message('a'));
    await elsewhere.order('cleo', message('m-2'));
    const order = { type: 'EditMessage', messageId: 'm-2', text: 'Better' } as const;
    expect(outcome(await here.order('cleo', order))).toEqual([edited(2, 'Better')]);
  });
});

describe('a batch above the limit of an append', () => {
  test('is split, and every command of it is answered in order', async () => {
    const long = '語'.repeat(8_000);
    const handled = await Promise.all(
      Array.from({ length: 100 }, (_, index) => here.order('bob', message(`m-${index + 1}`, long))),
    );
    expect(handled.map(outcome)).toEqual(handled.map((_, index) => [sent(index + 1, 'bob', { text: long })]));
    expect(log.appendSizes.length).toBeGreaterThan(2);
    expect(log.all.reduce((bytes, { data }) => bytes + Buffer.byteLength(data), 0)).toBeGreaterThan(maximumAppendBytes);
  });

  test('goes on where a conflict interrupted it', async () => {
    const members = Array.from({ length: 10_000 }, (_, index) => ({ userId: `user-${index}`, name: 'x'.repeat(150) }));
    log.beforeAppend = () => {
      log.beforeAppend = () => undefined;
      meanwhile(() => elsewhere.order('ada', { type: 'RemoveMember', userId: 'user-0' }));
    };
    const handled = await here.order('ada', { type: 'AddMembers', members });
    const events = outcome(handled) as ReturnType<typeof groupEvents>;
    const newcomers = events.flatMap((event) => (event.type === 'MembersAdded' ? event.data.members : []));
    expect(log.appendSizes.length).toBeGreaterThan(3);
    expect(groupEvents(log)).toContainEqual(removed('user-0', expect.any(Number)));
    expect(new Set(newcomers.map(({ userId }) => userId)).size).toBe(10_000);
    expect(handled).toMatchObject({ state: { memberCount: 10_004 } });
  });
});
