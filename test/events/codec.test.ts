import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeData, decodeEvent, encodeEvent, UndecodableEvent } from '../../src/events/codec.ts';
import { defineEvent } from '../../src/events/define-event.ts';
import { eventDefinitions, type HighwaterEvent } from '../../src/events/event.ts';
import { assertProperty } from '../fakes/assert-property.ts';
import { arbitraryEvent } from './arbitrary-event.ts';
import {
  decodedCommandMetadata,
  decodedMetadata,
  frozenCommandMetadata,
  frozenExamples,
  frozenMetadata,
} from './frozen-examples.ts';

describe('what a log may hold', () => {
  test('there is a frozen example of every version of every event', () => {
    const shapes = (type: string, version: number) => `${type} version ${version}`;
    const promised = [...eventDefinitions.values()].flatMap(({ type, version }) =>
      Array.from({ length: version }, (_, index) => shapes(type, index + 1)),
    );
    const frozen = new Set(frozenExamples.map(({ event, version }) => shapes(event.type, version)));
    expect([...frozen].sort()).toEqual(promised.sort());
  });

  test.each(frozenExamples)('a stored $event.type of version $version says what it always said: $data', (example) => {
    const { version, data, event } = example;
    const decoded = decodeEvent({ type: event.type, data, metadata: frozenMetadata(version) });
    expect(decoded).toEqual({ event, metadata: decodedMetadata });
  });

  test.each(frozenExamples.filter(({ event, version }) => eventDefinitions.get(event.type)?.version === version))(
    'a $event.type is still stored to the byte as $data',
    ({ event, version, data }) => {
      const encoded = encodeEvent(event, decodedMetadata, 'event-1');
      expect(encoded).toEqual({ eventId: 'event-1', type: event.type, data, metadata: frozenMetadata(version) });
    },
  );

  test('every event that can happen comes back from its stored form as it was', () => {
    assertProperty(
      fc.property(arbitraryEvent, (event) => {
        expect(decodeEvent(encodeEvent(event, decodedMetadata, 'event-1'))).toEqual({
          event,
          metadata: decodedMetadata,
        });
      }),
    );
  });

  test('what a command said and whether more of it follows is stored to the byte, and comes back', () => {
    const event: HighwaterEvent = { type: 'GroupRenamed', data: { name: 'Dinner' } };
    const encoded = encodeEvent(event, decodedCommandMetadata, 'event-1');
    expect(encoded.metadata).toBe(frozenCommandMetadata);
    expect(decodeEvent(encoded)).toEqual({ event, metadata: decodedCommandMetadata });
  });

  test('what metadata carries beyond its own fields is not stored', () => {
    const metadata = { ...decodedMetadata, token: 'secret' };
    const event: HighwaterEvent = { type: 'GroupRenamed', data: { name: 'Dinner' } };
    expect(encodeEvent(event, metadata, 'event-1').metadata).toBe(frozenMetadata(1));
  });
});

describe('what is never stored', () => {
  test.each<[string, HighwaterEvent]>([
    ['a seq of 0', { type: 'MessageDeleted', data: { messageId: 'm-1', seq: 0 } }],
    ['a mark between two messages', { type: 'ReadUpTo', data: { groupId: 'lunch', userId: 'bob', upTo: 1.5 } }],
    ['a user id with a space', { type: 'MemberRenamed', data: { userId: 'b ob', name: 'Bob' } }],
    ['a user id with an invisible character', { type: 'MemberRenamed', data: { userId: 'b\u200bob', name: 'Bob' } }],
    ['an id of 129 characters', { type: 'MessageDeleted', data: { messageId: 'm'.repeat(129), seq: 1 } }],
    ['nobody added', { type: 'MembersAdded', data: { members: [], afterSeq: 0, memberCount: 0 } }],
    [
      'a reaction without an emoji',
      { type: 'ReactionAdded', data: { messageId: 'm', seq: 1, userId: 'u', emoji: '' } },
    ],
  ])('an event with %s is refused with a ZodError', (_, event) => {
    expect(() => encodeEvent(event, decodedMetadata, 'event-1')).toThrow(z.core.$ZodError);
  });

  test('an event at no moment is refused with a ZodError', () => {
    const metadata = { ...decodedMetadata, at: 'yesterday' };
    const event: HighwaterEvent = { type: 'GroupRenamed', data: { name: 'Dinner' } };
    expect(() => encodeEvent(event, metadata, 'event-1')).toThrow(z.core.$ZodError);
  });

  test('1,001 members in one event are refused with a ZodError', () => {
    const members = Array.from({ length: 1_001 }, (_, index) => ({
      userId: `user-${index}`,
      name: 'Somebody',
      role: 'member' as const,
    }));
    const event: HighwaterEvent = { type: 'MembersAdded', data: { members, afterSeq: 0, memberCount: 1_001 } };
    expect(() => encodeEvent(event, decodedMetadata, 'event-1')).toThrow(z.core.$ZodError);
  });
});

describe('stored bytes that do not say what their type promises', () => {
  const stored = { type: 'GroupRenamed', data: '{"name":"Dinner"}', metadata: frozenMetadata(1) };

  test.each([
    ['of an unknown type', { ...stored, type: 'GroupPainted' }, 'unknown event type GroupPainted'],
    ['whose data are not JSON', { ...stored, data: '{"name":' }, 'GroupRenamed is not JSON'],
    ['whose data have the wrong shape', { ...stored, data: '{"name":7}' }, 'GroupRenamed: '],
    ['whose data are null', { ...stored, data: 'null' }, 'GroupRenamed: '],
    ['whose metadata are not JSON', { ...stored, metadata: '{' }, 'the metadata of this GroupRenamed is not JSON'],
    ['without metadata', { ...stored, metadata: '' }, 'this GroupRenamed has no metadata'],
    ['without an actor', { ...stored, metadata: frozenMetadata(1).replace('actorId', 'actor') }, 'metadata: '],
    ['of a version below the first', { ...stored, metadata: frozenMetadata(0) }, 'metadata: '],
    ['of a newer version', { ...stored, metadata: frozenMetadata(2) }, 'GroupRenamed is stored in version 2'],
  ])('an event %s is an UndecodableEvent that says so', (_, event, message) => {
    expect(() => decodeEvent(event)).toThrow(UndecodableEvent);
    expect(() => decodeEvent(event)).toThrow(message);
  });
});

describe('upcasters', () => {
  const painted = defineEvent('GroupPainted', z.object({ color: z.string(), coats: z.int(), byHand: z.boolean() }), [
    ({ colour }: { colour: string }) => ({ color: colour.toLowerCase(), coats: 1 }),
    (data: { color: string; coats: number }) => ({ ...data, byHand: data.coats === 1 }),
  ]);

  test.each([
    [1, '{"colour":"Red"}', { color: 'red', coats: 1, byHand: true }],
    [2, '{"color":"red","coats":2}', { color: 'red', coats: 2, byHand: false }],
    [3, '{"color":"red","coats":2,"byHand":true}', { color: 'red', coats: 2, byHand: true }],
  ])('data of version %i come out in the current version', (version, json, expected) => {
    expect(painted.version).toBe(3);
    expect(decodeData(painted, json, version)).toEqual(expected);
  });

  test.each([
    ['that an upcaster breaks on', 1, 'null', 'GroupPainted: its data is not of version 1'],
    ['that upcasting does not mend', 2, '{"color":"red"}', 'coats'],
    ['of the fourth version of three', 4, '{}', 'knows it up to version 3'],
  ])('data %s are an UndecodableEvent', (_, version, json, message) => {
    expect(() => decodeData(painted, json, version)).toThrow(UndecodableEvent);
    expect(() => decodeData(painted, json, version)).toThrow(message);
  });
});
