import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGroup, mark, send } from './conversation.ts';
import * as documents from './documents.ts';
import { type Person, type RunningServer, startTestServer } from './running-server.ts';

let server: RunningServer;
let ada: Person;
let ben: Person;
let cyd: Person;
let stranger: Person;

const group = (groupId: string, members: readonly Person[] = [ben, cyd]) => createGroup(ada, groupId, members);

beforeAll(async () => {
  server = await startTestServer();
  [ada, ben, cyd, stranger] = await Promise.all([
    server.person('ada'),
    server.person('ben'),
    server.person('cyd'),
    server.person('stranger'),
  ]);
});

afterAll(() => server.stop());

describe('bad input over HTTP', () => {
  it('shows an unknown group and a stranger’s group alike', async () => {
    await group('private');
    await send(ada, 'private', 'secret', 'secret');
    for (const id of ['private', 'nowhere']) {
      const { errors, data } = await stranger.ask(documents.timelinePage, { id });
      expect(data).toEqual({ group: null });
      expect(errors).toMatchObject([
        { message: 'There is no such group, or you may not see it.', extensions: { code: 'NOT_FOUND' } },
      ]);
      expect(await stranger.refused(documents.sendMessage, { input: { groupId: id, messageId: 'x', text: 'x' } })).toBe(
        'NOT_FOUND',
      );
      expect(await stranger.refused(documents.markReadUpTo, { input: { marks: [{ groupId: id, upTo: 1 }] } })).toBe(
        'NOT_FOUND',
      );
      expect(
        await stranger.refused('query ($id: ID!) { search(groupId: $id, text: "secret") { edges { cursor } } }', {
          id,
        }),
      ).toBe('NOT_FOUND');
    }
    expect(await stranger.refused(documents.messageCounts, { groupId: 'private', messageId: 'secret' })).toBe(
      'NOT_FOUND',
    );
  });

  it('refuses empty and over-long texts and marks beyond the newest message', async () => {
    await group('limits');
    const refusedText = (text: string) =>
      ada.refused(documents.sendMessage, { input: { groupId: 'limits', messageId: 'l1', text } });
    expect(await refusedText('')).toBe('BAD_INPUT');
    expect(await refusedText(' \n')).toBe('BAD_INPUT');
    expect(await refusedText('x'.repeat(8_001))).toBe('BAD_INPUT');
    expect((await send(ada, 'limits', 'l1', '🌊'.repeat(8_000))).sendMessage.message.seq).toBe(1);
    expect(await ben.refused(documents.markReadUpTo, { input: { marks: [{ groupId: 'limits', upTo: 2 }] } })).toBe(
      'BAD_INPUT',
    );
    expect(await ben.refused(documents.markReadUpTo, { input: { marks: [] } })).toBe('BAD_INPUT');
  });

  it('stores the marks that are right when another of the request is refused', async () => {
    await group('some-marks');
    await send(ada, 'some-marks', 'sm1', 'one');
    const { markReadUpTo } = await ben.get<{ markReadUpTo: { marks: object[]; refusals: object[] } }>(
      documents.markReadUpTo,
      {
        input: {
          marks: [
            { groupId: 'some-marks', upTo: 1 },
            { groupId: 'nowhere', upTo: 1 },
          ],
        },
      },
    );
    expect(markReadUpTo.marks).toEqual([{ groupId: 'some-marks', markedUpTo: 1 }]);
    expect(markReadUpTo.refusals).toEqual([{ groupId: 'nowhere', code: 'NOT_FOUND' }]);
  });

  it('lists what is wrong with each mark, and stores the others', async () => {
    await group('each-mark');
    for (const id of ['em1', 'em2', 'em3']) await send(ada, 'each-mark', id, 'word');
    const malformed = ['', ' ', 'a b', 'a\u0000', '\ud800', 'x'.repeat(129)];
    const wrong = [
      ...malformed.map((groupId) => ({ groupId, upTo: 1, code: 'BAD_INPUT' })),
      { groupId: 'each-mark', upTo: -1, code: 'BAD_INPUT' },
      { groupId: 'each-mark', upTo: 4, code: 'BAD_INPUT' },
      { groupId: 'each-mark', upTo: 2 ** 31 - 1, code: 'BAD_INPUT' },
      { groupId: 'nowhere', upTo: 1, code: 'NOT_FOUND' },
    ];
    const good = [2, 1, 2].map((upTo) => ({ groupId: 'each-mark', upTo }));
    const asked = [...good, ...wrong.map(({ groupId, upTo }) => ({ groupId, upTo }))];
    const { markReadUpTo } = await ben.get<{ markReadUpTo: { marks: object[]; refusals: object[] } }>(
      documents.markReadUpTo,
      { input: { marks: asked } },
    );
    expect(markReadUpTo.marks).toEqual([{ groupId: 'each-mark', markedUpTo: 2 }]);
    expect(markReadUpTo.refusals).toEqual(wrong.map(({ groupId, code }) => ({ groupId, code })));
    // Alone it is an error like every other.
    for (const { groupId, upTo, code } of wrong) {
      expect(await ben.refused(documents.markReadUpTo, { input: { marks: [{ groupId, upTo }] } })).toBe(code);
    }
  });

  it('says of a list of marks what is wrong with it as a whole, and stores none', async () => {
    await group('whole-list');
    await send(ada, 'whole-list', 'wl1', 'word');
    const one = { groupId: 'whole-list', upTo: 1 };
    for (const [marks, says] of [
      [[], 'marks must be 1 to 100.'],
      [Array.from({ length: 101 }, () => one), 'marks must be 1 to 100.'],
      [[one, { groupId: 'whole-list', upTo: 0.5 }], 'Int cannot represent non-integer value: 0.5'],
      [[one, { groupId: 'whole-list', upTo: 2 ** 31 }], 'Int cannot represent non 32-bit signed integer value'],
      [[one, { groupId: 'whole-list', upTo: '1' }], 'Int cannot represent non-integer value: "1"'],
    ] as const) {
      const { errors } = await ben.ask(documents.markReadUpTo, { input: { marks } });
      expect(errors?.[0]?.extensions.code).toBe('BAD_INPUT');
      expect(errors?.[0]?.message).toContain(says);
    }
    const { markReadUpTo } = await mark(ben, 'whole-list', 0);
    expect(markReadUpTo.marks).toEqual([{ groupId: 'whole-list', markedUpTo: 0 }]);
  });

  it('answers how far one has read, one’s own messages included', async () => {
    await group('own-messages');
    await send(ada, 'own-messages', 'om1', 'one');
    await send(ben, 'own-messages', 'om2', 'two');
    await send(ada, 'own-messages', 'om3', 'three');
    const answered = async (upTo: number) => (await mark(ben, 'own-messages', upTo)).markReadUpTo.marks[0]?.markedUpTo;
    const end = () => server.services.commands.newestGroup('own-messages');
    const { version } = await end();
    expect(await answered(0)).toBe(2);
    expect(await answered(1)).toBe(2);
    expect((await end()).version).toBe(version);
    expect(await answered(3)).toBe(3);
  });

  it('tells a removed member that they are no longer one', async () => {
    await group('removed');
    await ada.get(documents.removeMember, { input: { groupId: 'removed', userId: 'ben' } });
    expect(await ben.refused(documents.sendMessage, { input: { groupId: 'removed', messageId: 'x', text: 'x' } })).toBe(
      'NOT_A_MEMBER',
    );
    expect(await ben.refused(documents.timelinePage, { id: 'removed' })).toBe('NOT_A_MEMBER');
    expect(await cyd.refused(documents.removeMember, { input: { groupId: 'removed', userId: 'ada' } })).toBe(
      'FORBIDDEN',
    );
  });

  it('takes the actor from a valid token only', async () => {
    const expired = await server.person('ada', -10);
    expect(await expired.refused('{ me { id } }')).toBe('UNAUTHENTICATED');
    const forged = `${ada.token.slice(0, -4)}AAAA`;
    for (const authorization of [undefined, 'Bearer', `Bearer ${forged}`, `Basic ${ada.token}`]) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
        body: JSON.stringify({ query: '{ me { id } }' }),
      });
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    expect(await ada.get('{ me { userId name } }')).toEqual({ me: { userId: 'ada', name: 'ada' } });
  });

  it('answers documents that are wrong, too deep or too large with BAD_INPUT', async () => {
    expect(await ada.refused('{ nonsense }')).toBe('BAD_INPUT');
    expect(await ada.refused('{')).toBe('BAD_INPUT');
    const deep = `${'replyTo { '.repeat(20)} id ${'}'.repeat(20)}`;
    expect(await ada.refused(`{ message(groupId: "x", messageId: "x") { ${deep} } }`)).toBe('BAD_INPUT');
    expect(await ada.refused(`{ ${Array.from({ length: 1_200 }, (_, index) => `a${index}:me{id}`).join(' ')} }`)).toBe(
      'BAD_INPUT',
    );
  });

  it('refuses a body that is too large or does not say how large it is', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${ada.token}` };
    const large = JSON.stringify({ query: `{ me { id } } #${'x'.repeat(5 * 1024 * 1024)}` });
    const chunked = new Blob([large]).stream();
    for (const body of [large, chunked]) {
      const request = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
      const response = await fetch(`${server.url}/graphql`, request);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_INPUT' } }] });
    }
  });
});
