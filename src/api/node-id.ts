import { isId } from '../events/values.ts';

/** What a global id names: a type, and its natural key in it. */
export type NodeKey =
  | { readonly type: 'Group'; readonly groupId: string }
  | { readonly type: 'Member'; readonly groupId: string; readonly userId: string }
  | { readonly type: 'Message'; readonly groupId: string; readonly messageId: string }
  | { readonly type: 'User'; readonly userId: string };

/**
 * The id that is unique over all types: a letter for the type and the parts of the natural key, base64url of their UTF-8.
 * No part holds white space, so a space between them joins every key in one way only. It is opaque to clients, gives no
 * right, and stays what it is for as long as the thing is there.
 */
export function encodeNodeId(key: NodeKey): string {
  return Buffer.from(partsOf(key).join(' ')).toString('base64url');
}

function partsOf(key: NodeKey): readonly string[] {
  switch (key.type) {
    case 'Group':
      return ['G', key.groupId];
    case 'Member':
      return ['P', key.groupId, key.userId];
    case 'Message':
      return ['M', key.groupId, key.messageId];
    case 'User':
      return ['U', key.userId];
    default:
      return key satisfies never;
  }
}

/** A letter, and two parts of 128 units, of at most three bytes each, with spaces between them; as base64. */
export const maximumNodeIdLength = Math.ceil(((1 + 2 * (1 + 128 * 3)) * 4) / 3);

/** Undefined for whatever `encodeNodeId` makes of nothing: each key has one id, so no other spelling of it is one. */
export function decodeNodeId(id: string): NodeKey | undefined {
  if (id.length > maximumNodeIdLength) return undefined;
  const [letter, ...parts] = Buffer.from(id, 'base64url').toString('utf8').split(' ');
  if (!parts.every(isId)) return undefined;
  const key = keyOf(letter, parts);
  return key !== undefined && encodeNodeId(key) === id ? key : undefined;
}

function keyOf(letter: string | undefined, [first, second, ...more]: readonly string[]): NodeKey | undefined {
  if (first === undefined || more.length > 0) return undefined;
  if (second === undefined) {
    if (letter === 'G') return { type: 'Group', groupId: first };
    return letter === 'U' ? { type: 'User', userId: first } : undefined;
  }
  if (letter === 'P') return { type: 'Member', groupId: first, userId: second };
  return letter === 'M' ? { type: 'Message', groupId: first, messageId: second } : undefined;
}
