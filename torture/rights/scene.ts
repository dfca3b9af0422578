import { getNamedType } from 'graphql';
import { schema } from '../../src/api/schema/schema.ts';
import type { Secrets } from './secrets.ts';
import type { RightsStage } from './stage.ts';

/** Whoever stays in `vault`, and whose rights there change. */
export const insiders = ['ola', 'abe', 'mia', 'ron'] as const;
const departing = ['fay', 'lee'] as const;
export type Person = (typeof insiders)[number] | (typeof departing)[number] | 'gus' | 'sly';

/**
 * Three groups with markers in every name, text and emoji. `vault` has everybody but sly, gus was removed from it long ago,
 * and ron was and has come back; `diary` is ola's and abe's; `outside` is sly's, fay's and gus's.
 */
export interface Scene {
  readonly groups: {
    readonly vault: string;
    readonly diary: string;
    readonly outside: string;
    readonly nowhere: string;
  };
  userId(person: Person): string;
  /** What a message says now, or what a group or a person in it is called. */
  textOf(messageId: string): string;
  nameOf(groupId: string, userId?: string): string;
  messageOf(person: Person): string;
  /** Messages of vault: an edited one, a deleted one, and one whose id a message of `outside` has as well. */
  readonly messages: { readonly edited: string; readonly deleted: string; readonly twin: string };
  readonly emoji: string;
  /** A mutation that must not fail. */
  act(person: Person, mutation: string, input: object): Promise<void>;
  /** Where vault stood when somebody left it for good. */
  readonly departures: ReadonlyMap<
    string,
    { readonly version: number; readonly lastSeq: number; readonly position: number }
  >;
  /** fay is removed, lee leaves, abe is made a member. */
  depart(): Promise<void>;
  /** fay is added again, and may see everything again. */
  comeBack(): Promise<void>;
  /** A message of ola's in vault. */
  speak(): Promise<void>;
  /** What those who are gone must learn nothing of: every counter moves, and every kind of text is written. */
  goOn(): Promise<void>;
  /** vault's log gets an event that nobody can read. */
  poison(): Promise<void>;
}

export async function setScene(stage: RightsStage, secrets: Secrets, tag: string): Promise<Scene> {
  const groups = { vault: `vault-${tag}`, diary: `diary-${tag}`, outside: `outside-${tag}`, nowhere: `nowhere-${tag}` };
  const { vault, diary, outside } = groups;
  const userId = (person: Person): string => `${person}-${tag}`;
  const messageOf = (person: Person): string => `by-${person}-${tag}`;
  const messages = { edited: `by-ola-${tag}`, deleted: `deleted-${tag}`, twin: `twin-${tag}` };
  const texts = new Map<string, string>();
  const names = new Map<string, string>();
  const emoji = secrets.makeEmoji(vault);
  const departures = new Map<string, { version: number; lastSeq: number; position: number }>();
  let [rounds, spoken] = [0, 0];

  async function gone(person: Person): Promise<void> {
    secrets.leave(vault, userId(person));
    const { state, version, position } = await stage.services.commands.newestGroup(vault);
    departures.set(userId(person), { version, lastSeq: state.lastSeq, position });
  }

  async function act(person: Person, mutation: string, input: object): Promise<void> {
    const authorization = `Bearer ${await stage.services.tokens.issue({ userId: userId(person) }, 3_600)}`;
    const query = `mutation ($input: ${inputTypeOf(mutation)}!) { ${mutation}(input: $input) { position } }`;
    const response = await fetch(`${stage.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const { errors } = (await response.json()) as { errors?: unknown };
    if (errors !== undefined) throw new Error(`${person} may not ${mutation}: ${JSON.stringify(errors)}`);
  }

  /** Names are secrets of the group; whoever is added may know them from here on. */
  const people = (groupId: string, added: readonly Person[]) =>
    added.map((person) => {
      secrets.enter(groupId, userId(person));
      return { userId: userId(person), name: named(`${groupId} ${userId(person)}`, secrets.make(groupId, 'name')) };
    });
  const named = (key: string, name: string): string => {
    names.set(key, name);
    return name;
  };

  async function create(owner: Person, groupId: string, members: readonly Person[]): Promise<void> {
    secrets.enter(groupId, userId(owner));
    const name = named(groupId, secrets.make(groupId, 'group'));
    await act(owner, 'createGroup', { groupId, name, members: people(groupId, members) });
    const input = {
      groupId,
      userId: userId(owner),
      name: named(`${groupId} ${userId(owner)}`, secrets.make(groupId, 'name')),
    };
    await act(owner, 'renameMember', input);
  }

  async function say(person: Person, groupId: string, messageId: string, more: object = {}): Promise<void> {
    const text = `${secrets.make(groupId, 'text')} @all sought`;
    texts.set(messageId, text);
    await act(person, 'sendMessage', { groupId, messageId, text, ...more });
  }

  async function edit(person: Person, groupId: string, messageId: string): Promise<void> {
    const [before = ''] = (texts.get(messageId) ?? '').split(' ');
    const text = `${secrets.make(groupId, 'wording')} @all sought`;
    await act(person, 'editMessage', { groupId, messageId, text });
    texts.set(messageId, text);
    secrets.withdraw(before);
  }

  async function remove(person: Person, groupId: string, messageId: string): Promise<void> {
    await act(person, 'deleteMessage', { groupId, messageId });
    secrets.withdraw((texts.get(messageId) ?? '').split(' ')[0] ?? '');
  }

  await create('ola', vault, ['abe', 'mia', 'ron', 'fay', 'lee', 'gus']);
  await act('ola', 'changeMemberRole', { groupId: vault, userId: userId('abe'), role: 'ADMIN' });
  await create('ola', diary, ['abe']);
  await create('sly', outside, ['fay', 'gus']);
  for (const person of ['gus', 'ron'] as const) {
    await act('ola', 'removeMember', { groupId: vault, userId: userId(person) });
    if (person === 'gus') await gone(person);
    else secrets.leave(vault, userId(person));
  }
  await act('ola', 'addMembers', { groupId: vault, members: people(vault, ['ron']) });
  for (const person of [...insiders, ...departing]) {
    const mentions = [userId('mia'), userId('fay')];
    await say(person, vault, messageOf(person), { mentions, ...(person !== 'ola' && { replyTo: messageOf('ola') }) });
  }
  await say('ola', vault, messages.deleted);
  await say('sly', outside, messages.twin, { mentions: [userId('fay')] });
  await say('ola', vault, messages.twin);
  await say('ola', diary, `diary-1-${tag}`);
  for (const person of [...insiders, ...departing]) {
    await act(person, 'addReaction', { groupId: vault, messageId: messages.edited, emoji });
    await act(person, 'markReadUpTo', { marks: [{ groupId: vault, upTo: 3 }] });
  }
  await edit('ola', vault, messages.edited);
  await remove('ola', vault, messages.deleted);

  return {
    groups,
    userId,
    textOf: (messageId) => texts.get(messageId) ?? '',
    nameOf: (groupId, of) => names.get(of === undefined ? groupId : `${groupId} ${of}`) ?? '',
    messageOf,
    messages,
    emoji,
    act,
    departures,
    async depart() {
      await act('ola', 'removeMember', { groupId: vault, userId: userId('fay') });
      await gone('fay');
      await act('lee', 'leaveGroup', { groupId: vault });
      await gone('lee');
      await act('ola', 'changeMemberRole', { groupId: vault, userId: userId('abe'), role: 'MEMBER' });
    },
    async comeBack() {
      await act('ola', 'addMembers', { groupId: vault, members: people(vault, ['fay']) });
      departures.delete(userId('fay'));
    },
    async speak() {
      spoken += 1;
      await say('ola', vault, `spoken-${spoken}-${tag}`);
    },
    async goOn() {
      rounds += 1;
      const newcomer = { userId: `new-${rounds}-${tag}`, name: secrets.make(vault, 'name') };
      secrets.enter(vault, newcomer.userId);
      await act('ola', 'renameGroup', { groupId: vault, name: named(vault, secrets.make(vault, 'group')) });
      await act('ola', 'addMembers', { groupId: vault, members: [newcomer] });
      await act('mia', 'renameMember', {
        groupId: vault,
        name: named(`${vault} ${userId('mia')}`, secrets.make(vault, 'name')),
      });
      await say('mia', vault, `after-${rounds}-${tag}`, { mentions: [userId('ola')] });
      for (const messageId of [messageOf('fay'), messages.edited]) {
        await act('mia', 'addReaction', { groupId: vault, messageId, emoji: secrets.makeEmoji(vault) });
      }
      await edit('ola', vault, messages.edited);
      await say('ron', vault, `deleted-${rounds}-${tag}`);
      await remove('ron', vault, `deleted-${rounds}-${tag}`);
      await act('ola', 'markReadUpTo', { marks: [{ groupId: vault, upTo: 5 + rounds }] });
    },
    async poison() {
      const { log } = stage.services;
      const [last] = await log.readStreamBackwards(`group-${vault}`, undefined, 1);
      const strange = { eventId: crypto.randomUUID(), type: 'FromTheFuture', data: '{}', metadata: '{}' };
      await log.append(`group-${vault}`, last?.version ?? -1, [strange]);
    },
  };
}

/** The name of a mutation's one input. */
export function inputTypeOf(mutation: string): string {
  const argument = schema.getMutationType()?.getFields()[mutation]?.args[0];
  if (argument === undefined) throw new Error(`${mutation} takes no input`);
  return getNamedType(argument.type).name;
}
