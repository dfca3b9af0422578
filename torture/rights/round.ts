import { setTimeout as wait } from 'node:timers/promises';
import { type Asker, createAskers } from './askers.ts';
import { checkMutations } from './check-mutations.ts';
import { type Scene, setScene } from './scene.ts';
import { everyLeaf, type Operation } from './schema-documents.ts';
import { createSecrets, type Secrets } from './secrets.ts';
import type { RightsStage } from './stage.ts';
import { askUnderWay, type Walked, walk } from './walk.ts';
import { type Watched, type Watching, watch, watchProblems } from './watch.ts';

export interface RoundOptions {
  readonly stage: RightsStage;
  readonly random: () => number;
  readonly exhaustive: boolean;
  readonly log: (line: string) => void;
}

/** What a round found. */
export interface RoundResult {
  asked: number;
  readonly problems: string[];
}

/** Needs more than 10,000 events to be shown, and holds nothing but a version. */
const neverShown = new Set(['Resync.version']);
const patienceMilliseconds = 120_000;
/** The inbox tells changes of 250 ms together, counts are announced after 100 ms: what was on its way has come by then. */
const onItsWayMilliseconds = 600;

/**
 * One story, in which everybody asks everything at every turn: while all are members, while some are removed and go, with
 * the projector running and held back, after one has come back, and when the group's log cannot be read.
 */
export async function walkRights({ stage, random, exhaustive, log }: RoundOptions): Promise<RoundResult> {
  const tag = Math.floor(random() * 2 ** 31).toString(36);
  const secrets = createSecrets(tag);
  const scene = await setScene(stage, secrets, tag);
  await stage.settle();
  const askers = await createAskers(stage.services.tokens, scene);
  // In short, one member stands for those whose rights are the same.
  const insiders = (...names: readonly string[]) =>
    askers.filter(({ name }) => names.includes(name) || (exhaustive && ['ola', 'abe', 'mia', 'ron'].includes(name)));
  const outsiders = askers.filter(({ name, userId }) => userId === undefined || name === 'gus' || name === 'sly');
  const gone = askers.filter(({ name }) => name === 'fay' || name === 'lee');
  const result: RoundResult = { asked: 0, problems: [] };
  const shown = new Set<string>();

  async function everyone(
    turn: string,
    who: readonly Asker[],
    operations: readonly Operation[],
  ): Promise<ReadonlyMap<string, Walked>> {
    const walks = new Map<string, Walked>();
    const before = result.asked;
    for (const asker of who) {
      const walked = await walk({ url: stage.url, scene, secrets, random, operations, exhaustive }, asker);
      walks.set(asker.name, walked);
      result.asked += walked.asked;
      result.problems.push(...walked.problems.map((problem) => `${turn}: ${problem}`));
      for (const leaf of walked.shown) shown.add(leaf);
    }
    log(`  ${turn}: ${result.asked - before} questions`);
    return walks;
  }

  const table = await checkMutations(stage.url, stage.services.tokens, tag);
  result.asked += table.asked;
  result.problems.push(...table.problems);
  const first = await everyone(
    'while all are members',
    [...insiders('ola', 'mia'), ...gone, ...outsiders],
    ['query', 'mutation'],
  );
  result.problems.push(...unlikeNothing(first.get('sly'), scene));
  await scene.goOn();
  await stage.settle();
  const second = await everyone('when the group went on', outsiders, ['query', 'mutation']);
  for (const { name } of outsiders) result.problems.push(...differences(name, first.get(name), second.get(name)));

  const watching = await departWhileHeld({ stage, scene, secrets, askers, exhaustive, result }, () =>
    everyone('some gone, read models held back', [...outsiders, ...gone], ['query']),
  );
  for (const { leaves, items } of watching) {
    const type = leaves[0]?.split('.')[0];
    if (items.some((item) => item.includes(`"__typename":"${type}"`))) for (const leaf of leaves) shown.add(leaf);
  }
  const third = await everyone('some gone', [...insiders('abe', 'ron'), ...gone, ...outsiders], ['query', 'mutation']);
  await scene.goOn();
  await stage.settle();
  const fourth = await everyone('and the group went on', [...outsiders, ...gone], ['query', 'mutation']);
  for (const { name } of [...outsiders, ...gone]) {
    result.problems.push(...differences(name, third.get(name), fourth.get(name)));
  }
  await scene.comeBack();
  await stage.settle();
  await everyone('one has come back', [...insiders(), ...gone, ...outsiders], ['query']);
  await scene.poison();
  const halted = await everyone(
    'the group is halted',
    [...insiders('mia'), ...gone, ...outsiders],
    ['query', 'mutation'],
  );
  result.problems.push(...unlikeNothing(halted.get('sly'), scene));
  const missed = [...everyLeaf()].filter((leaf) => !shown.has(leaf) && !neverShown.has(leaf));
  if (missed.length > 0) result.problems.push(`nobody was ever shown ${missed.join(', ')}`);
  return result;
}

/** The shortest story that shows whether one who has left is shown anything: of the control. */
export async function walkOneDeparture({
  stage,
  random,
}: Pick<RoundOptions, 'stage' | 'random'>): Promise<readonly string[]> {
  const tag = Math.floor(random() * 2 ** 31).toString(36);
  const secrets = createSecrets(tag);
  const scene = await setScene(stage, secrets, tag);
  await stage.settle();
  const askers = await createAskers(stage.services.tokens, scene);
  const options = { url: stage.url, scene, secrets, random, operations: ['query'] as const, exhaustive: false };
  const fay = askers.filter(({ name }) => name === 'fay');
  for (const asker of fay) await walk(options, asker);
  await scene.depart();
  await scene.goOn();
  return (await Promise.all(fay.map((asker) => walk(options, asker)))).flatMap(({ problems }) => problems);
}

interface Act {
  readonly stage: RightsStage;
  readonly scene: Scene;
  readonly secrets: Secrets;
  readonly askers: readonly Asker[];
  readonly exhaustive: boolean;
  readonly result: RoundResult;
}

/**
 * Everybody subscribes to everything; then, while the read models stand still, things are changed whose items wait for them,
 * some ask what waits for them, some are removed, and more is changed. Nobody who is gone may hear of that.
 */
async function departWhileHeld(act: Act, whileHeld: () => Promise<unknown>): Promise<readonly Watched[]> {
  const { stage, scene, secrets, askers, exhaustive, result } = act;
  const options = { url: stage.url, scene, secrets };
  const members = new Set(exhaustive ? [] : ['abe', 'ron']);
  const watchers: Watching[] = askers
    .filter(({ name }) => !members.has(name))
    .flatMap((asker) => [
      watch({ ...options, transport: 'websocket', every: 1 }, asker),
      watch({ ...options, transport: 'events', every: exhaustive ? 1 : 7 }, asker),
    ]);
  const all = watchers.flatMap((watching) => watching.all);
  result.asked += all.length;
  await begun(act, all);
  stage.holdProjector();
  await scene.goOn();
  const underWay = askers
    .filter(({ name }) => name === 'fay' || name === 'lee')
    .map((asker) => askUnderWay({ ...options, atLeast: stage.services.feed.position() }, asker));
  await scene.depart();
  await scene.goOn();
  await whileHeld();
  stage.releaseProjector();
  for (const answered of await Promise.all(underWay)) {
    result.asked += answered.asked;
    result.problems.push(...answered.problems.map((problem) => `under way: ${problem}`));
  }
  await stage.settle();
  await complete(act, all);
  await Promise.all(watchers.map((watching) => watching.stop()));
  result.problems.push(...watchProblems(secrets, scene, all));
  return all;
}

const ofMembers = (all: readonly Watched[], names: readonly string[], root: string, groupId?: string) =>
  all.filter((one) => names.includes(one.asker.name) && one.root === root && one.groupId === groupId);

/** An inbox does not say that it is watched: messages are sent until each has told of one. */
async function begun(act: Act, all: readonly Watched[]): Promise<void> {
  const names = ['ola', 'mia', 'fay', 'lee'];
  const inboxes = ofMembers(all, names, 'inbox');
  const deadline = performance.now() + patienceMilliseconds;
  while (inboxes.some(({ items }) => items.length === 0)) {
    if (performance.now() > deadline) return void act.result.problems.push('an inbox has told nothing');
    await act.scene.speak();
    await wait(onItsWayMilliseconds);
  }
  await complete(act, all, names);
}

/** Waits until those who stay have been handed all of the group's stream. */
async function complete(
  act: Act,
  all: readonly Watched[],
  names: readonly string[] = ['ola', 'mia', 'ron'],
): Promise<void> {
  const { vault } = act.scene.groups;
  const { version } = await act.stage.services.commands.newestGroup(vault);
  const timelines = ofMembers(all, names, 'timeline', vault);
  const deadline = performance.now() + patienceMilliseconds;
  while (timelines.some(({ items }) => items.length < version + 1)) {
    if (performance.now() > deadline) {
      const behind = timelines.find(({ items }) => items.length < version + 1);
      return void act.result.problems.push(
        `${behind?.asker.name} was handed ${behind?.items.length} of ${version + 1} items by ${behind?.request}: ${behind?.items.at(-1)}`,
      );
    }
    await wait(50);
  }
  await wait(onItsWayMilliseconds);
}

/** To a stranger, a group and a message of it are answered for like ones that are not there. */
function unlikeNothing(walked: Walked | undefined, { groups, messages, messageOf }: Scene): readonly string[] {
  if (walked === undefined) return ['nobody asked as a stranger'];
  const compared = [...walked.answers].flatMap(([request, answer]) => {
    const hidden = [groups.vault, groups.diary, messages.edited, messages.deleted, messageOf('fay')];
    const of = hidden.find((id) => request.includes(`"${id}"`));
    if (of === undefined) return [];
    const likewise = walked.answers.get(request.replaceAll(of, groups.nowhere));
    return likewise === undefined
      ? []
      : [{ request, answer, likewise, same: answer.replaceAll(of, groups.nowhere) === likewise }];
  });
  if (compared.length < 5) return [`only ${compared.length} answers to a stranger could be compared`];
  return compared
    .filter(({ same }) => !same)
    .map(({ request, answer, likewise }) => `a stranger can tell by ${request}: ${answer} instead of ${likewise}`);
}

/** What went on in a group where one is no member changes no answer. */
function differences(name: string, before: Walked | undefined, after: Walked | undefined): readonly string[] {
  const both = [...(before?.answers ?? [])].filter(([request]) => after?.answers.has(request));
  if (both.length < 5) return [`only ${both.length} answers to ${name} could be compared`];
  return both
    .filter(([request, answer]) => after?.answers.get(request) !== answer)
    .map(
      ([request, answer]) =>
        `${name} can tell that a group went on by ${request}: ${answer}, then ${after?.answers.get(request)}`,
    );
}
