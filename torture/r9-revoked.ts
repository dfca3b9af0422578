import { setTimeout as wait } from 'node:timers/promises';
import type { Services } from '../src/api/services.ts';
import { ask } from './chat-load.ts';
import { withRightsOfOld } from './r11-rights.ts';
import { marker, startBusyGroup, watched } from './revoked/busy-group.ts';
import { startTwoProcesses, type TwoProcesses } from './revoked/two-processes.ts';
import type { TortureOptions, TortureResult } from './row.ts';
import { openEventsClient, openSocketClient, type Received } from './socket-client.ts';

/**
 * R9: people are removed at one process while they watch and ask at another one, and tokens expire, under messages, marks and
 * reactions. Reached when nothing is delivered 1 s after the removal was acknowledged, and what belonged to an expired
 * token is closed within 5 s. The control takes away the look at the newest rights, and the end of tokens.
 */

const graceMilliseconds = 1_000;
const closedWithinMilliseconds = 5_000;
const tokenSeconds = 3;
const peopleAtOnce = 50;
const messagesPerSecond = 5;
const tokenExpiredCode = 4403;

const nothingCame = 'nothing was delivered before the token expired';

interface Tally {
  runs: number;
  readonly problems: string[];
}

export async function run({ rounds, seed, log }: TortureOptions): Promise<TortureResult> {
  const begun = performance.now();
  const tally: Tally = { runs: 0, problems: [] };
  const processes = await startTwoProcesses({ real: rounds > peopleAtOnce });
  try {
    for (let done = 0; done < rounds; done += peopleAtOnce) {
      const people = Array.from({ length: Math.min(peopleAtOnce, rounds - done) }, (_, index) => `p${done + index}`);
      const others = people.map((userId) => `of-expired-${userId}`);
      // Where nothing is written, nothing but the clock ends them.
      await Promise.all([
        removals(processes, `removed-${seed}-${done}`, people, tally),
        expiries(
          processes,
          `expired-${seed}-${done}`,
          others.filter((_, index) => index % 8 < 4),
          tally,
        ),
        expiries(
          processes,
          `quiet-${seed}-${done}`,
          others.filter((_, index) => index % 8 > 3),
          tally,
        ),
      ]);
      log(`  ${done + people.length} of ${rounds} removals and expiries, ${tally.problems.length} problems`);
    }
  } finally {
    await processes.close();
  }
  for (const problem of new Set(tally.problems)) log(`  failed: ${problem}`);
  const controlFailed = await controlFails(log);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  return { runs: tally.runs, failures: tally.problems.length, controlFailed, seed, seconds };
}

const lateItems = (items: readonly Received[], after: number) => items.filter(({ at }) => at > after);

/** Everybody watches at the second process, and is removed at the first. */
async function removals(
  processes: TwoProcesses,
  groupId: string,
  people: readonly string[],
  tally: Tally,
): Promise<void> {
  const group = await startBusyGroup(processes, groupId, people, messagesPerSecond);
  const [, url] = processes.urls;
  await Promise.all(
    people.map(async (userId, index) => {
      const client = await openSocketClient(url, await processes.tokens.issue({ userId }, 3_600));
      for (const query of Object.values(watched))
        client.subscribe(query, query.includes('$groupId') ? { groupId } : {});
      while (client.items.length < 4) await wait(20);
      await wait((index * 1_000) / people.length);
      const removedAt = await group.remove(userId);
      tally.runs += 1;
      await wait(removedAt + graceMilliseconds - performance.now());
      tally.problems.push(...(await askAfterRemoval(processes, groupId, userId)));
      await wait(graceMilliseconds);
      for (const { at, text } of lateItems(client.items, removedAt + graceMilliseconds)) {
        // The notice of the removal itself, which says where the group stood then.
        if (text.includes('"left":true')) continue;
        tally.problems.push(`${Math.round(at - removedAt)} ms after the removal ${userId} was handed ${text}`);
      }
      client.end();
    }),
  );
  await group.stop();
}

const questions: readonly string[] = [
  'query ($groupId: ID!) { group(groupId: $groupId) { name lastSeq memberCount } }',
  'query ($groupId: ID!) { message(groupId: $groupId, messageId: "first") { text readCount } }',
  'query ($groupId: ID!) { search(groupId: $groupId, text: "zqrevoked") { edges { node { text } } } }',
  '{ inbox { edges { node { groupId lastSeq group { name } } } } }',
  '{ mentions { edges { node { text } } } }',
];

async function askAfterRemoval({ urls, tokens }: TwoProcesses, groupId: string, userId: string): Promise<string[]> {
  const access = { url: urls[1], token: (of: string) => tokens.issue({ userId: of }, 3_600) };
  const answers = await Promise.all(
    questions.map(async (query) => {
      const variables = query.includes('$groupId') ? { groupId } : {};
      const answer = JSON.stringify(await ask(access, userId, query, variables, 20_000));
      return answer.includes(marker) || answer.includes(`"${groupId}"`) ? [`${query} was answered with ${answer}`] : [];
    }),
  );
  return answers.flat();
}

/** Tokens end while their sockets and streams of events are being written to. */
async function expiries(
  processes: TwoProcesses,
  groupId: string,
  people: readonly string[],
  tally: Tally,
): Promise<void> {
  const group = await startBusyGroup(processes, groupId, people, messagesPerSecond);
  const isQuiet = groupId.startsWith('quiet');
  if (isQuiet) await group.stop();
  await Promise.all(
    people.map(async (userId, index) => {
      const token = await processes.tokens.issue({ userId }, tokenSeconds);
      // Tokens end at a full second of the wall clock.
      const expiresAt = performance.now() + (Math.floor(Date.now() / 1_000) + tokenSeconds) * 1_000 - Date.now();
      tally.runs += 1;
      const how = index % 4;
      const found =
        how === 3
          ? await expireSocket(processes, groupId, token, expiresAt)
          : await expireEvents(processes, groupId, token, expiresAt, how);
      tally.problems.push(...found.filter((problem) => !isQuiet || problem !== nothingCame));
    }),
  );
  await group.stop();
}

async function expireSocket(
  { urls }: TwoProcesses,
  groupId: string,
  token: string,
  expiresAt: number,
): Promise<readonly string[]> {
  const client = await openSocketClient(urls[1], token);
  for (const query of Object.values(watched)) client.subscribe(query, query.includes('$groupId') ? { groupId } : {});
  const latest = expiresAt + closedWithinMilliseconds;
  const end = await Promise.race([client.closed, wait(latest - performance.now(), undefined)]);
  client.end();
  const late = lateItems(client.items, expiresAt + graceMilliseconds);
  return [
    ...(end === undefined ? ['the socket of an expired token stayed open for 5 s'] : []),
    ...(end !== undefined && end.code !== tokenExpiredCode
      ? [`the socket of an expired token was closed with ${end.code}`]
      : []),
    ...(client.items.length === 0 ? [nothingCame] : []),
    ...(late.length > 0 ? [`${late.length} items came over the socket of an expired token`] : []),
  ];
}

async function expireEvents(
  { urls }: TwoProcesses,
  groupId: string,
  token: string,
  expiresAt: number,
  which: number,
): Promise<readonly string[]> {
  const [name = '', query = ''] = Object.entries(watched)[which] ?? [];
  const client = openEventsClient(urls[1], token, query, query.includes('$groupId') ? { groupId } : {});
  const latest = expiresAt + closedWithinMilliseconds;
  const end = await Promise.race([client.ended, wait(latest - performance.now(), undefined)]);
  client.end();
  const late = lateItems(client.items, expiresAt + graceMilliseconds);
  return [
    ...(end === undefined ? [`${name} as events of an expired token stayed open for 5 s`] : []),
    ...(client.items.length === 0 ? [nothingCame] : []),
    ...(late.length > 0 ? [`${late.length} items of ${name} came as events for an expired token`] : []),
  ];
}

/** The cures taken out, one after the other: rights are those of the first look, and no moment is after a token's end. */
async function controlFails(log: (line: string) => void): Promise<boolean> {
  log('control: rights as they were first, and then tokens without an end');
  const endless = (services: Services): Services => ({ ...services, now: () => 0 });
  const outcomes = await Promise.all([failsWith(withRightsOfOld, removals), failsWith(endless, expiries)]);
  return outcomes.every(Boolean);
}

async function failsWith(wrap: (services: Services) => Services, act: typeof removals): Promise<boolean> {
  const tally: Tally = { runs: 0, problems: [] };
  const processes = await startTwoProcesses({ real: false, wrap });
  try {
    await act(processes, 'control', ['p0', 'p1', 'p2', 'p3'], tally);
  } finally {
    await processes.close();
  }
  return tally.problems.some((problem) => problem !== nothingCame);
}
