import * as documents from './documents.ts';
import type { Person } from './running-server.ts';

export interface Sent {
  readonly sendMessage: {
    readonly position: string;
    readonly message: { readonly seq: number; readonly audienceCount: number };
  };
}

export interface Marked {
  readonly markReadUpTo: { readonly position: string; readonly marks: readonly { readonly markedUpTo: number }[] };
}

/** A group of `owner`'s with these members, called after its id. */
export const createGroup = (owner: Person, groupId: string, members: readonly Person[]) =>
  owner.get<object>(documents.createGroup, {
    input: { groupId, name: `Group ${groupId}`, members: members.map(({ userId }) => ({ userId })) },
  });

export const send = (person: Person, groupId: string, messageId: string, text: string, more: object = {}) =>
  person.get<Sent>(documents.sendMessage, { input: { groupId, messageId, text, ...more } });

export const mark = (person: Person, groupId: string, upTo: number) =>
  person.get<Marked>(documents.markReadUpTo, { input: { marks: [{ groupId, upTo }] } });
