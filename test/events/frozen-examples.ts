import type { HighwaterEvent } from '../../src/events/event.ts';

/** A stored event exactly as some version of Highwater wrote it, and what it says. Never changed, only added to. */
export interface FrozenExample {
  readonly version: number;
  readonly data: string;
  readonly event: HighwaterEvent;
}

const sha256 = 'a'.repeat(64);

/** Every shape that a log may hold: at least one of each version of each event. */
export const frozenExamples: readonly FrozenExample[] = [
  {
    version: 1,
    data: '{"groupId":"lunch","name":"Lunch 🥪"}',
    event: { type: 'GroupCreated', data: { groupId: 'lunch', name: 'Lunch 🥪' } },
  },
  { version: 1, data: '{"name":"Dinner"}', event: { type: 'GroupRenamed', data: { name: 'Dinner' } } },
  {
    version: 1,
    data: '{"members":[{"userId":"ada","name":"Ada","role":"owner"},{"userId":"bob","name":"Bob","role":"member"}],"afterSeq":0,"memberCount":2}',
    event: {
      type: 'MembersAdded',
      data: {
        members: [
          { userId: 'ada', name: 'Ada', role: 'owner' },
          { userId: 'bob', name: 'Bob', role: 'member' },
        ],
        afterSeq: 0,
        memberCount: 2,
      },
    },
  },
  {
    version: 1,
    data: '{"userId":"bob","afterSeq":7,"memberCount":1}',
    event: { type: 'MemberLeft', data: { userId: 'bob', afterSeq: 7, memberCount: 1 } },
  },
  {
    version: 1,
    data: '{"userId":"bob","afterSeq":7,"memberCount":1}',
    event: { type: 'MemberRemoved', data: { userId: 'bob', afterSeq: 7, memberCount: 1 } },
  },
  {
    version: 1,
    data: '{"userId":"bob","role":"admin"}',
    event: { type: 'MemberRoleChanged', data: { userId: 'bob', role: 'admin' } },
  },
  {
    version: 1,
    data: '{"userId":"bob","name":"Robert"}',
    event: { type: 'MemberRenamed', data: { userId: 'bob', name: 'Robert' } },
  },
  {
    version: 1,
    data: '{"messageId":"m-2","seq":2,"authorId":"ada","text":"Hello @all","replyTo":"m-1","mentions":["bob"],"mentionsAll":true,"audienceCount":1}',
    event: {
      type: 'MessageSent',
      data: {
        messageId: 'm-2',
        seq: 2,
        authorId: 'ada',
        text: 'Hello @all',
        replyTo: 'm-1',
        mentions: ['bob'],
        mentionsAll: true,
        audienceCount: 1,
      },
    },
  },
  {
    version: 1,
    data: '{"messageId":"m-1","seq":1,"authorId":"ada","text":"Anybody?","replyTo":null,"mentions":[],"mentionsAll":false,"audienceCount":0}',
    event: {
      type: 'MessageSent',
      data: {
        messageId: 'm-1',
        seq: 1,
        authorId: 'ada',
        text: 'Anybody?',
        replyTo: null,
        mentions: [],
        mentionsAll: false,
        audienceCount: 0,
      },
    },
  },
  {
    version: 1,
    data: '{"messageId":"m-1","seq":1,"text":"Anybody there?"}',
    event: {
      type: 'MessageEdited',
      data: { messageId: 'm-1', seq: 1, text: 'Anybody there?', mentionsAll: null },
    },
  },
  {
    version: 2,
    data: '{"messageId":"m-1","seq":1,"text":"Anybody there, @all?","mentionsAll":true}',
    event: {
      type: 'MessageEdited',
      data: { messageId: 'm-1', seq: 1, text: 'Anybody there, @all?', mentionsAll: true },
    },
  },
  {
    version: 1,
    data: '{"messageId":"m-1","seq":1}',
    event: { type: 'MessageDeleted', data: { messageId: 'm-1', seq: 1 } },
  },
  {
    version: 1,
    data: '{"messageId":"m-1","seq":1,"userId":"bob","emoji":"👍"}',
    event: { type: 'ReactionAdded', data: { messageId: 'm-1', seq: 1, userId: 'bob', emoji: '👍' } },
  },
  {
    version: 1,
    data: '{"messageId":"m-1","seq":1,"userId":"bob","emoji":"👍"}',
    event: { type: 'ReactionRemoved', data: { messageId: 'm-1', seq: 1, userId: 'bob', emoji: '👍' } },
  },
  {
    version: 1,
    data: '{"groupId":"lunch","userId":"bob","upTo":2}',
    event: { type: 'ReadUpTo', data: { groupId: 'lunch', userId: 'bob', upTo: 2 } },
  },
  {
    version: 1,
    data: `{"groupId":"lunch","file":"2004-11-24.txt","sha256":"${sha256}","lines":1024}`,
    event: { type: 'FileImported', data: { groupId: 'lunch', file: '2004-11-24.txt', sha256, lines: 1_024 } },
  },
];

export const frozenMetadata = (version: number): string =>
  `{"correlationId":"request-1","causationId":"command-1","actorId":"ada","at":"2026-11-24T12:00:00.000Z","v":${version}}`;

/** As of commands whose clients chose their ids. Frozen like the examples. */
export const frozenCommandMetadata =
  '{"correlationId":"request-1","causationId":"command-1","actorId":"ada","at":"2026-11-24T12:00:00.000Z","commandDigest":"what it said","commandContinues":true,"v":1}';
export const decodedCommandMetadata = {
  correlationId: 'request-1',
  causationId: 'command-1',
  actorId: 'ada',
  at: '2026-11-24T12:00:00.000Z',
  commandDigest: 'what it said',
  commandContinues: true,
} as const;

export const decodedMetadata = {
  correlationId: 'request-1',
  causationId: 'command-1',
  actorId: 'ada',
  at: '2026-11-24T12:00:00.000Z',
};
