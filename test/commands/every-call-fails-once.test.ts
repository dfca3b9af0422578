import { expect, test } from 'vitest';
import { digestOf } from '../../src/commands/command-digest.ts';
import { createWholeGroups } from '../../src/commands/whole-groups.ts';
import { type Position, type RecordedEvent, startOfLog } from '../../src/ports/event-log.ts';
import { createHaltedGroups } from '../../src/ports/halted-groups.ts';
import { createFailingCalls, type Fate, fates } from '../fakes/failing-calls.ts';
import { createInMemoryEventLog, type InMemoryEventLog } from '../fakes/in-memory-event-log.ts';
import { createLaggingReadModels, type LaggingReadModels } from '../fakes/lagging-read-models.ts';
import { by, type GroupOrder } from './given.ts';
import { createLunch, groupEvents, message, type Process, startProcess } from './process.ts';

/** What somebody does, and the refusal that it comes to, if it does. Under an id that was there before, it is a retry. */
interface Deed {
  readonly id: string;
  readonly on: 0 | 1;
  readonly actorId: string;
  readonly order: GroupOrder;
  readonly refused?: string;
}

/** Deeds that are handed in together, one after the other, or what else happens between two of them. */
type Step = readonly Deed[] | 'project' | 'follow' | 'restart';

const deed = (on: 0 | 1, actorId: string, id: string, order: GroupOrder, refused?: string): Deed => ({
  ...{ id, on, actorId, order },
  ...(refused === undefined ? {} : { refused }),
});
const send = (on: 0 | 1, actorId: string, id: string, text = id): Deed =>
  deed(on, actorId, `send-${id}`, message(id, text));
const edit = (messageId: string, text: string): GroupOrder => ({ type: 'EditMessage', messageId, text });
const react = (messageId: string): GroupOrder => ({ type: 'AddReaction', messageId, emoji: '👍' });
const unreact = (messageId: string): GroupOrder => ({ type: 'RemoveReaction', messageId, emoji: '👍' });
const remove = (messageId: string): GroupOrder => ({ type: 'DeleteMessage', messageId });
const add = (...userIds: string[]): GroupOrder => ({
  type: 'AddMembers',
  members: userIds.map((userId) => ({ userId })),
});

/**
 * Two processes with read models of their own on one log. They remember two or three messages or commands, so that nearly
 * everything has to be looked up, and are begun anew in between.
 */
const scenario: readonly Step[] = [
  [deed(0, 'ada', 'create', createLunch)],
  [send(0, 'bob', 'a')],
  [send(0, 'bob', 'b'), send(0, 'cleo', 'c')],
  [send(1, 'cleo', 'd')],
  'project',
  [send(0, 'bob', 'e')],
  [deed(1, 'ada', 'add', add('eve', 'fay'))],
  [send(1, 'bob', 'a')],
  'project',
  [send(0, 'bob', 'a'), send(0, 'dan', 'f'), send(0, 'bob', 'b')],
  [deed(1, 'bob', 'edit-a', edit('a', 'better'))],
  'project',
  [send(1, 'cleo', 'g'), send(1, 'cleo', 'h')],
  [send(0, 'cleo', 'i'), deed(0, 'bob', 'edit-a', edit('a', 'better'))],
  [deed(0, 'dan', 'react-b', react('b')), send(0, 'bob', 'e')],
  'follow',
  [deed(1, 'dan', 'react-b', react('b'))],
  [deed(1, 'ada', 'out', { type: 'RemoveMember', userId: 'eve' })],
  'project',
  [deed(0, 'ada', 'add', add('eve', 'fay'))],
  [deed(0, 'cleo', 'delete-c', remove('c')), send(0, 'cleo', 'j')],
  [deed(1, 'cleo', 'edit-c', edit('c', 'after all'), 'message-deleted')],
  'restart',
  [deed(0, 'cleo', 'delete-c', remove('c'))],
  [send(1, 'cleo', 'c', 'c')],
  [deed(0, 'dan', 'unreact-b', unreact('b')), deed(0, 'bob', 'edit-e', edit('e', 'E'))],
  'project',
  [send(0, 'dan', 'k'), send(0, 'dan', 'l'), send(0, 'dan', 'm')],
  [deed(1, 'dan', 'unreact-b', unreact('b')), send(1, 'dan', 'f')],
  [deed(1, 'eve', 'stranger', message('n'), 'no-longer-a-member')],
  [deed(0, 'bob', 'edit-a', edit('a', 'better')), deed(0, 'bob', 'edit-a-2', edit('a', 'best'))],
  'follow',
  [deed(1, 'bob', 'edit-a', edit('a', 'better')), deed(1, 'bob', 'edit-a-2', edit('a', 'best'))],
  [send(0, 'bob', 'a'), send(1, 'bob', 'b'), send(1, 'cleo', 'd'), send(0, 'dan', 'k')],
];

/**
 * What becomes of a call of a store. Besides failing, it may find read models that were begun anew, or that are as they
 * were long before, or that its process has just let go of all that it knows, and it may be told a lie.
 */
type Plan = (
  call: number,
  name: string,
) => Fate | 'finds nothing' | 'finds the past' | 'finds all forgotten' | 'is told a lie';

const isFate = (fate: string): fate is Fate => (fates as readonly string[]).includes(fate);
const calm: Plan = () => 'passes';

/** Runs the scenario, every deed handed in until it is answered, and says what is wrong with what came of it. */
async function run(plan: Plan) {
  const log = createInMemoryEventLog();
  const rows = [createLaggingReadModels(log), createLaggingReadModels(log)] as const;
  const wrong: string[] = [];
  const names: string[] = [];
  const start = (index: 0 | 1): Process => {
    const failing = createFailingCalls((name) => {
      const fate = plan(names.push(name) - 1, name);
      if (fate === 'finds nothing' || fate === 'finds the past') rows[index].beginAnew();
      if (fate === 'finds the past') rows[index].advance(Math.floor(log.all.length / 2));
      if (fate === 'finds all forgotten') processes[index].commands.forgetAll();
      return isFate(fate) ? fate : 'passes';
    });
    const readModels = failing.readModels(
      lying(rows[index], () => plan(names.length - 1, names.at(-1) ?? '') === 'is told a lie'),
    );
    const seen = failing.log(log);
    const halted = createHaltedGroups();
    const startPosition = log.all.at(-1)?.position ?? startOfLog;
    const whole = createWholeGroups({ log: seen, readModels, halted, startPosition });
    return startProcess(seen, { generationSize: 2, halted, whole }, readModels);
  };
  const processes: [Process, Process] = [start(0), start(1)];
  const perform = async ({ id, on, actorId, order, refused }: Deed) => {
    const command = { ...by(actorId, order, id), commandDigest: digestOf(order) };
    const handled = await untilAnswered(() => processes[on].commands.handleGroup('lunch', command));
    const told = 'refused' in handled ? handled.refused.kind : undefined;
    if (told !== refused) wrong.push(`${id} is answered ${told}`);
    if ('refused' in handled) return;
    if (!positionsOf(log, actorId, id).includes(handled.position))
      wrong.push(`${id} is answered with another position`);
  };
  for (const step of scenario) {
    if (step === 'project') for (const readModels of rows) readModels.advance();
    else if (step === 'follow') for (const process of processes) process.follow();
    else if (step === 'restart') processes[0] = start(0);
    else await Promise.all(step.map(perform));
  }
  return { wrong: [...wrong, ...wrongIn(log)], names };
}

const commandOf = ({ metadata }: RecordedEvent): string => {
  const { actorId, causationId } = JSON.parse(metadata);
  return `${actorId} ${causationId}`;
};

/** Where a command's newest event stands, and where the append ends that it was in. */
function positionsOf(log: InMemoryEventLog, actorId: string, commandId: string): readonly (Position | undefined)[] {
  const index = log.all.findLastIndex((recorded) => commandOf(recorded) === `${actorId} ${commandId}`);
  let end = 0;
  for (const size of log.appendSizes) {
    end += size;
    if (end > index) break;
  }
  return [log.all[index]?.position, log.all[end - 1]?.position];
}

/** Every deed once, and messages without a gap. */
function wrongIn(log: InMemoryEventLog): readonly string[] {
  const deeds = scenario.filter((step) => typeof step !== 'string').flat();
  const expected = new Set(
    deeds.filter(({ refused }) => refused === undefined).map(({ actorId, id }) => `${actorId} ${id}`),
  );
  const stored = log.all.map(commandOf);
  const wrong = stored.filter((command) => !expected.has(command)).map((command) => `${command} is stored`);
  for (const command of expected) {
    const times = stored.filter((one) => one === command).length;
    // A group is created with its first members.
    if (times !== (command === 'ada create' ? 2 : 1)) wrong.push(`${command} is stored ${times} times`);
  }
  const seqs = groupEvents(log).flatMap((event) => (event.type === 'MessageSent' ? [event.data.seq] : []));
  if (seqs.some((seq, index) => seq !== index + 1)) wrong.push(`messages are ${seqs}`);
  return wrong;
}

/** The control: rows that are said not to be there, where they only could not be read. */
function lying(readModels: LaggingReadModels, isLie: () => boolean): LaggingReadModels {
  const unless = <Values extends unknown[], Row>(ask: (...values: Values) => Promise<readonly Row[]>) => {
    return async (...values: Values): Promise<readonly Row[]> => (isLie() ? [] : ask(...values));
  };
  return {
    ...readModels,
    messages: unless(readModels.messages),
    reactions: unless(readModels.reactions),
    acceptedCommands: unless(readModels.acceptedCommands),
  };
}

async function untilAnswered<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      expect(String(error)).toMatch(/LogUnavailable|AppendUnknown|ReadModelsUnavailable/);
    }
  }
  throw new Error('never answered');
}

test('undisturbed, each deed stands once and is answered as itself, and every method of the stores is asked', async () => {
  const { wrong, names } = await run(calm);
  expect(wrong).toEqual([]);
  const asked = ['checkpoint', 'haltedGroups', 'groups', 'groupSnapshot', 'messages', 'reactions', 'acceptedCommands'];
  expect(new Set(names)).toEqual(new Set([...asked, 'append', 'readStream', 'readStreamBackwards']));
});

test.for(['fails', 'lost', 'unknown', 'finds nothing', 'finds the past', 'finds all forgotten'] as const)(
  'one call of a store, whichever it is, %s: each deed stands once and is answered as itself',
  async (fate) => {
    const { names } = await run(calm);
    for (const [place, name] of names.entries()) {
      // To whoever reads, an answer that is lost is one that fails.
      if (['lost', 'unknown'].includes(fate) && name !== 'append') continue;
      const { wrong } = await run((call) => (call === place ? fate : 'passes'));
      expect(wrong, `call ${place}, ${name}`).toEqual([]);
    }
  },
);

test('whatever two calls fail, one after the other, each deed stands once and is answered as itself', async () => {
  const { names } = await run(calm);
  for (let first = 0; first < names.length; first += 1) {
    const { wrong } = await run((call) => (call === first || call === first + 1 ? 'fails' : 'passes'));
    expect(wrong, `calls ${first} and ${first + 1}`).toEqual([]);
  }
});

test('the control: rows that are said to be absent, once, where they could not be read, are found out', async () => {
  const { names } = await run(calm);
  const rows = ['messages', 'acceptedCommands', 'reactions'];
  const found = new Set<string>();
  for (const [place, name] of names.entries()) {
    if (!rows.includes(name)) continue;
    const { wrong } = await run((call) => (call === place ? 'is told a lie' : 'passes'));
    if (wrong.length > 0) found.add(name);
  }
  expect(found).toEqual(new Set(rows));
});
