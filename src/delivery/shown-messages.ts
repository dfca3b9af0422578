import type { Commands } from '../commands/commands.ts';
import type { GroupState } from '../commands/group-state.ts';
import { knownText } from '../commands/known-text.ts';
import { UndecodableEvent } from '../events/codec.ts';
import { type DecodedRecord, decodeRecorded } from '../events/decode-recorded.ts';
import { laterOf } from '../events/moments.ts';
import { groupStream } from '../events/stream-name.ts';
import { type EventLog, LogUnavailable, noStream, type Position, type Version } from '../ports/event-log.ts';
import type { GroupSnapshots } from '../ports/group-snapshots.ts';
import { GroupHalted } from '../ports/halted-groups.ts';
import type { MessagePages } from '../ports/pages.ts';
import type { ProjectionProgress } from '../ports/projection-progress.ts';
import { ReadModelsUnavailable } from '../ports/read-model-faults.ts';
import { MomentPassed } from '../ports/read-moment.ts';
import type { MentionRow, MessageRow } from '../ports/rows.ts';
import { fillPage } from './fill-page.ts';

export interface ShownMessagesOptions {
  readonly readModels: MessagePages & Pick<ProjectionProgress, 'checkpoint'> & Pick<GroupSnapshots, 'groups'>;
  readonly commands: Pick<Commands, 'group'>;
  readonly log: Pick<EventLog, 'readStream'>;
  /** Where all rows are of one moment: its position. */
  readonly asOf?: () => Promise<Position>;
}

type Text = Pick<MessageRow, 'text' | 'editedAt' | 'deletedAt'> & Partial<Pick<MessageRow, 'mentionsAll'>>;

const pageSize = 1_000;
/** So often, a group may be loaded anew while its rows are read. */
const maximumAttempts = 5;
/** How far rows may lag behind their group for the newest texts to be looked up; beyond it a text in doubt is left out. */
const furthestLag = 10_000;

/**
 * Where rows become what people see. The rows are as old as the projection; the group's state, by which rights are decided
 * as well, knows what was deleted or replaced since. A text that is known to be gone is not shown: the newest one is read
 * from the log, or it is left out. The members are those of the read models, with the same arguments, order and errors.
 */
export function createShownMessages({ readModels, commands, log, asOf }: ShownMessagesOptions): MessagePages {
  /**
   * Rows, and a state for which they are exact in everything that it does not know: they were read after it had forgotten
   * that. It may be let go and loaded again while they are on their way, from a snapshot that is newer than they are.
   */
  async function withState(groupId: string, read: () => Promise<readonly MessageRow[]>) {
    let before = await commands.group(groupId);
    for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
      const rows = await read();
      const now = await commands.group(groupId);
      if (asOf === undefined) {
        if (now.state.forgottenThrough <= before.state.forgottenThrough) return { rows, ...now };
      } else if (now.state.forgottenThrough <= (await asOf())) return { rows, ...now };
      else throw new MomentPassed(`what group ${groupId} has forgotten is newer than the moment`);
      before = now;
    }
    throw new ReadModelsUnavailable(`group ${groupId} was loaded anew as often as its messages were read`);
  }

  /** What `read` gives of one group, as it may be shown. */
  async function shown(groupId: string, read: () => Promise<readonly MessageRow[]>): Promise<readonly MessageRow[]> {
    const { rows, state, position } = await withState(groupId, read);
    if (rows.every((row) => stands(state, row))) return rows;
    const checkpoint = await readModels.checkpoint();
    const [group] = await readModels.groups([groupId]);
    const newer = await read();
    if (checkpoint >= position) return newer;
    const doubtful = new Set(newer.filter((row) => !stands(state, row)).map(({ seq }) => seq));
    const { texts, isComplete } = await textsSince(groupId, group?.version ?? noStream, doubtful);
    return newer.map((row) => {
      if (!doubtful.has(row.seq)) return row;
      // Where the log was read to its end, what it does not speak of has only been reacted to.
      const newest = texts.get(row.seq);
      return newest === undefined ? { ...row, ...(isComplete ? {} : { text: null }) } : rewritten(row, newest);
    });
  }

  /** What became of these messages' texts after a version, and whether that is all. */
  async function textsSince(groupId: string, version: Version, seqs: ReadonlySet<number>) {
    const texts = new Map<number, Text>();
    try {
      for (let read = 0; read < furthestLag; read += pageSize) {
        const page = await log.readStream(groupStream(groupId), version + 1 + read, pageSize);
        for (const recorded of page) noteText(texts, seqs, decodeRecorded(recorded));
        if (page.length < pageSize) return { texts, isComplete: true };
      }
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof UndecodableEvent)) throw error;
    }
    return { texts, isComplete: false };
  }

  const byId = (groupId: string, messageIds: readonly string[]) =>
    shown(groupId, () => readModels.messages(groupId, messageIds));

  /** Rows of several groups, by key: only now are these known, and a state has to be there before the rows are read. */
  async function asShown(rows: readonly MessageRow[]): Promise<ReadonlyMap<string, MessageRow>> {
    const byGroup = Map.groupBy(rows, ({ groupId }) => groupId);
    const idsOf = (own: readonly MessageRow[]) => own.map(({ messageId }) => messageId);
    const pages = await Promise.all(
      [...byGroup].map(([groupId, own]) => byId(groupId, idsOf(own)).catch(noneOfHalted)),
    );
    return new Map(pages.flat().map((message) => [keyOf(message), message]));
  }

  return {
    messages: byId,
    async messagesBySeq(keys) {
      const now = await asShown(await readModels.messagesBySeq(keys));
      return [...now.values()];
    },
    timelinePage: (groupId, range) => shown(groupId, () => readModels.timelinePage(groupId, range)),
    mentionsPage: (userId, before, limit) =>
      fillPage<MentionRow>({
        limit,
        read: (last) => readModels.mentionsPage(userId, last?.position ?? before, limit),
        async keep(rows) {
          const now = await asShown(rows.map(({ message }) => message));
          return rows.flatMap(({ message, position }) => {
            const found = now.get(keyOf(message));
            return found === undefined ? [] : [{ message: found, position }];
          });
        },
      }),
    search: (groupIds, text, before, limit) =>
      fillPage<MessageRow>({
        limit,
        read: (last) => readModels.search(groupIds, text, last?.sentPosition ?? before, limit),
        // A text that has changed since may not hold the words any more, and that it held them is not told.
        async keep(rows) {
          const now = await asShown(rows);
          return rows.filter((row) => now.get(keyOf(row))?.text === row.text);
        },
      }),
  };
}

/** A halted group is shown in no list, and keeps no other from being shown. */
function noneOfHalted(error: unknown): readonly MessageRow[] {
  if (error instanceof GroupHalted) return [];
  throw error;
}

const keyOf = ({ groupId, seq }: MessageRow): string => `${groupId} ${seq}`;

/** No change is shown as of before the message: in a log of before, moments may go back. */
function rewritten(row: MessageRow, { text, editedAt, deletedAt }: Text): MessageRow {
  const since = row.editedAt ?? row.sentAt;
  return {
    ...row,
    text,
    editedAt: editedAt === null ? null : laterOf(editedAt, since),
    deletedAt: deletedAt === null ? null : laterOf(deletedAt, since),
  };
}

const stands = (state: GroupState, { messageId, text }: MessageRow): boolean =>
  text === null || ['stands', 'untouched'].includes(knownText(state, messageId, text));

function noteText(texts: Map<number, Text>, seqs: ReadonlySet<number>, { event, metadata }: DecodedRecord): void {
  if (event.type === 'MessageEdited' && seqs.has(event.data.seq)) {
    const { text, mentionsAll } = event.data;
    const known = mentionsAll === null ? texts.get(event.data.seq)?.mentionsAll : mentionsAll;
    const said = { text, ...(known === undefined ? {} : { mentionsAll: known }) };
    texts.set(event.data.seq, { ...said, editedAt: metadata.at, deletedAt: null });
  }
  if (event.type === 'MessageDeleted' && seqs.has(event.data.seq)) {
    const before = texts.get(event.data.seq);
    texts.set(event.data.seq, { ...before, text: null, editedAt: before?.editedAt ?? null, deletedAt: metadata.at });
  }
}
