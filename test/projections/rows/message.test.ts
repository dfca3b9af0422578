import { describe, expect, test } from 'vitest';
import { hashSent, hashText } from '../../../src/events/text-hash.ts';
import { ReadModelsCorrupt } from '../../../src/ports/read-model-faults.ts';
import type { StoredMessage } from '../../../src/ports/row-store.ts';
import { foldMessage, type MessageChange } from '../../../src/projections/rows/message.ts';

const [at, later] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
const content = { groupId: 'g', messageId: 'm', seq: 1, authorId: 'ada', replyTo: 'm-0', mentions: ['bob'] };
const put: MessageChange = {
  ...{ type: 'putMessage', ...content, text: 'hello', sentAt: at, mentionsAll: true, audienceCount: 3, position: 5 },
};
const edit = (text: string, position: number, editedAt = later): MessageChange => ({
  ...{ type: 'editMessage', groupId: 'g', seq: 1, text, mentionsAll: null, editedAt, position },
});
const remove = (position: number, deletedAt = later): MessageChange => ({
  ...{ type: 'deleteMessage', groupId: 'g', seq: 1, deletedAt, position },
});
const fold = (message: StoredMessage | undefined, ...changes: readonly MessageChange[]) =>
  changes.reduce(foldMessage, message) ?? expect.fail('no message is there');
const sent = fold(undefined, put);
const sentHash = hashSent({ textHash: hashText('hello'), replyTo: 'm-0', mentions: ['bob'] });

describe('given no message', () => {
  test('when it is sent, then it is there as it was sent, and where', () => {
    const whole = { ...content, text: 'hello', sentAt: at, mentionsAll: true, audienceCount: 3 };
    expect(sent).toEqual({ ...whole, editedAt: null, deletedAt: null, sentHash: null, sentPosition: 5, position: 5 });
  });

  test('when an edit or a deletion comes, then the row is missing: such an event is projected only after its message', () => {
    expect(() => foldMessage(undefined, edit('x', 6))).toThrow(ReadModelsCorrupt);
    expect(() => foldMessage(undefined, remove(6))).toThrow(ReadModelsCorrupt);
  });
});

describe('given a message', () => {
  test('when it is edited, then text and moment are the edit’s, and its place and audience stay', () => {
    expect(fold(sent, edit('hullo', 7))).toEqual({ ...sent, text: 'hullo', editedAt: later, sentHash, position: 7 });
  });

  test('when an edit says whether it mentions everybody, then it does or does not from there on', () => {
    const say = (position: number, mentionsAll: boolean | null): MessageChange => ({
      ...{ type: 'editMessage', groupId: 'g', seq: 1, text: 'hullo', mentionsAll, editedAt: later, position },
    });
    expect(fold(sent, say(7, false))).toMatchObject({ mentionsAll: false });
    expect(fold(sent, say(7, false), say(8, null))).toMatchObject({ mentionsAll: false });
    expect(fold(sent, say(7, false), say(8, true))).toMatchObject({ mentionsAll: true });
  });

  test('when it is sent again, also after an edit, then it stays as it is', () => {
    expect(fold(sent, put)).toBe(sent);
    const edited = fold(sent, edit('hullo', 7));
    expect(fold(edited, put, edit('hullo', 7), edit('older', 6))).toBe(edited);
  });

  test('when it is deleted, then the text is gone and when is said', () => {
    expect(fold(sent, remove(8))).toEqual({ ...sent, text: null, deletedAt: later, sentHash, position: 8 });
    const edited = fold(sent, edit('hullo', 7));
    expect(fold(edited, remove(8))).toEqual({ ...edited, text: null, deletedAt: later, position: 8 });
  });
});

describe('given a log whose clock went back', () => {
  const early = '2025-12-31T23:59:59.000Z';

  test('when a message is edited, then not before it was sent, nor before its last edit', () => {
    const back = fold(sent, edit('hullo', 7, early));
    expect(back.editedAt).toBe(at);
    expect(fold(sent, edit('hullo', 7), edit('again', 8, at)).editedAt).toBe(later);
  });

  test('when it is deleted, then not before either', () => {
    expect(fold(sent, remove(7, early)).deletedAt).toBe(at);
    expect(fold(sent, edit('hullo', 7), remove(8, at)).deletedAt).toBe(later);
  });
});

describe('what a message said at first', () => {
  test('is told apart by text, reply and whom it mentions, in any order, and by nothing that came later', () => {
    const said = (content: Partial<typeof put>) =>
      fold(undefined, { ...put, ...content } as MessageChange, edit('x', 7)).sentHash;
    const both = said({ mentions: ['bob', 'cleo'] });
    expect(said({ mentions: ['cleo', 'bob'] })).toBe(both);
    const others = [{}, { text: 'Hello' }, { replyTo: null }, { mentions: [] }, { mentions: ['bob cleo'] }].map(said);
    expect(new Set([...others, both]).size).toBe(6);
    expect(fold(sent, edit('y', 7), edit('z', 8), remove(9)).sentHash).toBe(sentHash);
  });
});

describe('given a deleted message', () => {
  const deleted = fold(sent, remove(8));

  test('when anything comes, again or later, then it stays deleted since the first time', () => {
    expect(fold(deleted, remove(8), remove(11, at))).toBe(deleted);
    expect(fold(deleted, edit('revived', 12))).toBe(deleted);
    expect(fold(deleted, put)).toBe(deleted);
  });
});
