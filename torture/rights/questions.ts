import { encodeNodeId, type NodeKey } from '../../src/api/node-id.ts';
import type { Person, Scene } from './scene.ts';
import { inputTypeOf } from './scene.ts';
import type { WalkDocument } from './schema-documents.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** What each root field is asked about. A root field that is not known here fails the walk: it has to be taught. */
export function subjectsOf(
  document: Pick<WalkDocument, 'operation' | 'root' | 'branch'>,
  scene: Scene,
  person: Person,
): readonly Variables[] {
  const { vault, diary, outside, nowhere } = scene.groups;
  const { edited, deleted, twin } = scene.messages;
  switch (document.root) {
    case 'me':
      return [{}];
    case 'mentions':
      return [{}];
    case 'inbox':
      return [{}];
    case 'node':
      return nodeIds(document.branch, scene, person).map((id) => ({ id }));
    case 'group':
      return [vault, diary, outside, nowhere].map((groupId) => ({ groupId }));
    case 'message':
      return [edited, deleted, twin, scene.messageOf('fay'), `diary-1-${diary.slice(6)}`, nowhere].flatMap(
        (messageId) => [vault, diary, outside].map((groupId) => ({ groupId, messageId })),
      );
    case 'search':
      // Without a group, all of one's own.
      return [vault, diary, nowhere, null].map((groupId) => ({ groupId, text: 'sought' }));
    case 'timeline':
      return [vault, diary, nowhere].map((groupId) => ({ groupId, afterVersion: groupId === nowhere ? null : -1 }));
    case 'readCounts':
      return [vault, diary, nowhere].map((groupId) => ({ groupId }));
    case 'createGroup':
      // Elsewhere it would create one.
      return [{ input: unchanging('createGroup', vault, scene, person) }];
    default:
      if (document.operation !== 'mutation')
        throw new Error(`the walk does not know what to ask ${document.root} about`);
      return [vault, nowhere].map((groupId) => ({ input: unchanging(document.root, groupId, scene, person) }));
  }
}

/** A document's variables about a subject; somebody of the group, where a field below the root is about somebody. */
export const variablesOf = ({ people }: Pick<WalkDocument, 'people'>, subject: Variables, scene: Scene): Variables => ({
  ...subject,
  ...Object.fromEntries(people.map((name) => [name, scene.userId('ola')])),
});

/** Ids of a type, of what this asker may see and of what they may not; one of each other type, and forged ones. */
function nodeIds(type: string | undefined, scene: Scene, person: Person): readonly string[] {
  const { vault, diary, outside, nowhere } = scene.groups;
  const { edited, deleted } = scene.messages;
  const people = [scene.userId(person), scene.userId('ola'), scene.userId('fay'), nowhere];
  const messageIds = [edited, deleted, scene.messageOf('fay'), `diary-1-${diary.slice(6)}`, nowhere];
  const keys: readonly NodeKey[] = [
    ...people.map((userId) => ({ type: 'User', userId }) as const),
    ...[vault, diary, outside, nowhere].flatMap((groupId) => [
      { type: 'Group', groupId } as const,
      ...people.map((userId) => ({ type: 'Member', groupId, userId }) as const),
      ...messageIds.map((messageId) => ({ type: 'Message', groupId, messageId }) as const),
    ]),
  ];
  const forged = [`G ${vault} `, `M ${vault}`, `G ${vault} ${edited}`, `X ${vault}`, ` ${vault}`, 'M  '];
  const others = ['User', 'Group', 'Member', 'Message'].flatMap(
    (other) => keys.find((key) => key.type === other) ?? [],
  );
  const asked = new Set([...keys.filter((key) => key.type === type), ...others]);
  return [...[...asked].map(encodeNodeId), ...forged.map((text) => Buffer.from(text).toString('base64url'))];
}

/**
 * The input of a mutation with which those who may do it change nothing: what is so already is ordered again. So all of its
 * payload can be walked, as often as one likes.
 */
function unchanging(mutation: string, groupId: string, scene: Scene, person: Person): object {
  const name = scene.nameOf(scene.groups.vault);
  const userId = scene.userId(person);
  const messageId = scene.messageOf(person);
  const text = scene.textOf(messageId);
  switch (mutation) {
    case 'createGroup':
      return { groupId, name };
    case 'renameGroup':
      return { groupId, name };
    case 'addMembers':
      return { groupId, members: [{ userId: scene.userId('mia') }] };
    case 'removeMember':
      return { groupId, userId: scene.userId('gus') };
    case 'leaveGroup':
      return { groupId };
    case 'changeMemberRole':
      return { groupId, userId: scene.userId('mia'), role: 'MEMBER' };
    case 'renameMember':
      return { groupId, userId, name: scene.nameOf(scene.groups.vault, userId) };
    case 'sendMessage': {
      const replyTo = person === 'ola' ? undefined : scene.messageOf('ola');
      return { groupId, messageId, text, replyTo, mentions: [scene.userId('mia'), scene.userId('fay')] };
    }
    case 'editMessage':
      return { groupId, messageId, text };
    case 'deleteMessage':
      return { groupId, messageId: scene.messages.deleted };
    case 'addReaction':
      return { groupId, messageId: scene.messages.edited, emoji: scene.emoji };
    case 'removeReaction':
      return { groupId, messageId: scene.messages.edited, emoji: 'none' };
    case 'markReadUpTo':
      return {
        marks: [
          { groupId, upTo: 1 },
          { groupId: scene.groups.diary, upTo: 1 },
        ],
      };
    default:
      throw new Error(`the walk knows no input for ${mutation}`);
  }
}

/** Mutations in a group of one's own, about a message or a person of another group. */
export function foreignMutations(
  scene: Scene,
  person: Person,
): readonly { readonly query: string; readonly variables: Variables }[] {
  const own = person === 'sly' || person === 'gus' || person === 'fay' ? scene.groups.outside : scene.groups.vault;
  const foreign = own === scene.groups.outside ? scene.messages.edited : `diary-1-${scene.groups.diary.slice(6)}`;
  const inputs: Readonly<Record<string, object>> = {
    sendMessage: { groupId: own, messageId: `reply-${foreign}`, text: 'a reply', replyTo: foreign },
    editMessage: { groupId: own, messageId: foreign, text: 'changed' },
    deleteMessage: { groupId: own, messageId: foreign },
    addReaction: { groupId: own, messageId: foreign, emoji: '👀' },
    removeReaction: { groupId: own, messageId: foreign, emoji: '👀' },
  };
  return Object.entries(inputs).map(([mutation, input]) => ({
    query: `mutation ($input: ${inputTypeOf(mutation)}!) { ${mutation}(input: $input) { position message { messageId text replyTo { text } group { name } author { name } } } }`,
    variables: { input },
  }));
}

/** Cursors that this asker was never given: of other lists, groups and people, out of range, and of no list at all. */
export function forgedCursors(scene: Scene): readonly string[] {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const { vault, diary, outside } = scene.groups;
  const lists = [vault, diary, outside].flatMap((groupId) => [
    encode(['timeline', groupId, 2]),
    encode(['members', groupId, '']),
    encode(['readers', groupId, 1, null, '']),
    encode(['search', groupId, 'sought', 1_000]),
  ]);
  const people = [scene.userId('ola'), scene.userId('fay')].flatMap((userId) => [
    encode(['inbox', userId, 1_000_000]),
    encode(['mentions', userId, 1_000_000]),
  ]);
  const broken = [
    ...[encode(['timeline', vault, -1]), encode(['timeline', vault, '2']), encode(['members', vault, 2 ** 53])],
    ...[
      encode({ 0: 'timeline', 1: vault, 2: 2 }),
      encode(['timeline', vault, 1e308]),
      encode(null),
      encode('__proto__'),
    ],
    ...['', '!!', '%00', `${'A'.repeat(4_096)}`, "' OR 1=1 --"],
  ];
  return [...lists, ...people, ...broken];
}
