import type { Collection, Db } from 'mongodb';
import type { Position } from '../../ports/event-log.ts';
import type {
  Checkpoint,
  Mention,
  MentionOfAll,
  StoredCommand,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredReaction,
  StoredReactionCounts,
  StoredReadCounts,
} from '../../ports/row-store.ts';

/** Raised whenever the documents or what is in them changes: each version has builds of its own. */
export const readModelSchemaVersion = 5;

/**
 * Every document is of one group and says which, and every filter that is about groups names them: so the collections of a
 * build can be sharded by `groupId`.
 */
interface OfGroup {
  readonly _id: string;
  readonly groupId: string;
}

/**
 * A row as the newest batch has left it. It is written before its group is committed, so it also keeps what it was as the
 * group was last committed: see `stateAt`.
 */
export interface Versioned<State extends { readonly position: Position }> {
  readonly _id: string;
  /** The number of the batch that wrote it. A batch of a lower number writes it no more. */
  readonly batch: number;
  /** The fields before, of those that change; null for a document that was not there. */
  readonly previous: State | null;
}

export type MemberState = Pick<
  StoredMember,
  'name' | 'role' | 'active' | 'joinedAt' | 'stays' | 'markedUpTo' | 'position'
>;
export type MessageState = Pick<
  StoredMessage,
  'text' | 'mentionsAll' | 'editedAt' | 'deletedAt' | 'sentHash' | 'position'
>;
export type ReactionState = Pick<StoredReaction, 'present' | 'position'>;
export type ReactionCountsState = Pick<StoredReactionCounts, 'counts' | 'position'>;

export type MembershipDocument = StoredMember & Versioned<MemberState>;
export type MessageDocument = StoredMessage &
  Versioned<MessageState> & {
    /** Those of its text, and of the text before while that may still be shown. */
    readonly words: readonly string[];
  };
export type ReactionDocument = StoredReaction & Versioned<ReactionState>;
export type ReactionCountsDocument = StoredReactionCounts & Versioned<ReactionCountsState>;

/** A group, written last of all that a batch changes in it: what `appliedTo` says is what queries show. */
export interface GroupDocument extends StoredGroup {
  /** The group's id. */
  readonly _id: string;
  /** Whether a mark counted after the read counts were last stored. */
  readonly uncounted: boolean;
  /** Everything of the group up to here is in the documents, and queries show nothing beyond. */
  readonly appliedTo: Position;
  readonly batch: number;
  /** The group before the batch that is applied last, and how far that was applied; null where there was none. */
  readonly previous: PreviousGroup | null;
}

export type PreviousGroup = StoredGroup & Pick<GroupDocument, 'appliedTo'>;

/** The moment of one mark. It counts only as far as its member's own document says that it has been reached. */
export interface MarkDocument extends OfGroup {
  readonly userId: string;
  readonly upTo: number;
  /** ISO 8601. */
  readonly at: string;
}
/** One of the keys by which a member's name is completed, and the position at which they took the name. */
export interface MemberNameDocument extends OfGroup {
  readonly userId: string;
  readonly nameKey: string;
  readonly position: Position;
}
/** A mention of one person. */
export type MentionDocument = OfGroup & Mention;
/** A mention of everybody: whom it reaches follows from the stays; never its author. */
export type MentionOfAllDocument = OfGroup & MentionOfAll;
/** A command that has changed something; the newest of its events says how far it has come. */
export type CommandDocument = OfGroup & StoredCommand;

/** The counts of the messages of one block of seq: see `blocksOf`. */
export interface ReadCountsDocument extends StoredReadCounts {
  readonly _id: string;
  readonly block: number;
}

/** How far a build of the read models is, and who may write it. Whoever discards a build takes this away first. */
export interface BuildDocument {
  /** The build's id. */
  readonly _id: string;
  readonly kind: 'build';
  readonly schemaVersion: number;
  /** Its collections are made. */
  readonly made: boolean;
  /** Which collections these are, by name, where the server says so: one that takes another's place is another one. */
  readonly identities?: Readonly<Record<string, string>>;
  /** It is about to be discarded, and is served no more. */
  readonly discarding: boolean;
  /** Everything up to here is in the documents. */
  readonly position: Position;
  /** The event that stands there; null where nothing was projected yet. */
  readonly event: NonNullable<Checkpoint['event']> | null;
  /** The lease term of the one who may write. */
  readonly token: number;
  /** The number of the newest batch that was begun, whether it has come to its end or not. */
  readonly batch: number;
  readonly holder: string;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** One change of which build the readers of a schema version read: that of the highest number is in force. */
export interface ServedDocument {
  readonly _id: string;
  readonly kind: 'served';
  readonly schemaVersion: number;
  /** Null where none is. */
  readonly build: string | null;
  readonly changes: number;
  readonly changedAt: Date;
}
/** That it is unique is what lets only one of several be the next change. */
export const servedId = (schemaVersion: number, changes: number): string => idOf(`served-${schemaVersion}`, changes);

/** One term of the lease of a build's writer. The one of the highest token is in force. */
export interface LeaseDocument {
  /** Build and token: that it is unique is what lets only one of several take a term. */
  readonly _id: string;
  readonly build: string;
  readonly token: number;
  readonly holder: string;
  /** Of whom exactly: a holder may try more than once. */
  readonly attempt: string;
  /** How long others wait for a renewal. */
  readonly leaseMilliseconds: number;
  /** Raised at each renewal: others watch whether it changes, by their own clocks. */
  readonly renewals: number;
  readonly released: boolean;
  readonly acquiredAt: Date;
  readonly renewedAt: Date;
}

/** Ids hold no white space, so that joined by it they stay apart; an emoji may be anything and comes last. */
export const idOf = (...parts: readonly (string | number)[]): string => parts.join(' ');

/** What all builds of a database share. */
export interface SharedCollections {
  readonly builds: Collection<BuildDocument>;
  /** In the same collection as the builds: `checkpoints`. */
  readonly served: Collection<ServedDocument>;
  readonly leases: Collection<LeaseDocument>;
}

export interface Collections extends SharedCollections {
  readonly timeline: Collection<MessageDocument>;
  readonly groups: Collection<GroupDocument>;
  readonly memberships: Collection<MembershipDocument>;
  readonly memberNames: Collection<MemberNameDocument>;
  readonly marks: Collection<MarkDocument>;
  readonly reactions: Collection<ReactionDocument>;
  readonly reactionCounts: Collection<ReactionCountsDocument>;
  readonly mentions: Collection<MentionDocument>;
  readonly mentionsOfAll: Collection<MentionOfAllDocument>;
  readonly commands: Collection<CommandDocument>;
  readonly readCounts: Collection<ReadCountsDocument>;
}

/** The collections that each build has of its own. */
export type Built = Exclude<keyof Collections, keyof SharedCollections>;
const builtNames: Readonly<Record<Built, string>> = {
  ...{ timeline: 'timeline', groups: 'groups', memberships: 'memberships', marks: 'marks', reactions: 'reactions' },
  ...{ memberNames: 'member_names' },
  ...{ reactionCounts: 'reaction_counts', mentions: 'mentions', mentionsOfAll: 'mentions_of_all' },
  ...{ commands: 'commands', readCounts: 'read_counts' },
};

/** Never used twice. */
export const buildIdPattern = /^v\d+-[0-9a-f]{12}$/;
export const collectionNamesOf = (build: string): readonly string[] =>
  Object.values(builtNames).map((name) => `${build}_${name}`);
/** The build that a collection of this name is of; undefined where it is none of a build. */
export function buildOfCollection(name: string): string | undefined {
  const [build = ''] = name.split('_', 1);
  return buildIdPattern.test(build) && collectionNamesOf(build).includes(name) ? build : undefined;
}

export const sharedCollectionsOf = (database: Db): SharedCollections => ({
  builds: database.collection('checkpoints'),
  served: database.collection('checkpoints'),
  leases: database.collection('projector_leases'),
});

export function collectionsOf(database: Db, build: string): Collections {
  const named = (name: Built) => `${build}_${builtNames[name]}`;
  return {
    ...sharedCollectionsOf(database),
    timeline: database.collection(named('timeline')),
    groups: database.collection(named('groups')),
    memberships: database.collection(named('memberships')),
    memberNames: database.collection(named('memberNames')),
    marks: database.collection(named('marks')),
    reactions: database.collection(named('reactions')),
    reactionCounts: database.collection(named('reactionCounts')),
    mentions: database.collection(named('mentions')),
    mentionsOfAll: database.collection(named('mentionsOfAll')),
    commands: database.collection(named('commands')),
    readCounts: database.collection(named('readCounts')),
  };
}
