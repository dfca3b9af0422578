import { parseArgs } from 'node:util';
import { run as runKills } from './r1-kill.ts';
import { run as runNetworkFaults } from './r3-network.ts';
import { run as runRebuild, shortStage } from './r5-rebuild.ts';
import { run as runSubscriptionFaults } from './r6-subscription-faults.ts';
import { run as runSlow } from './r8-slow.ts';
import { run as runRevoked } from './r9-revoked.ts';
import { run as runMalformed } from './r10-malformed.ts';
import { run as runRights } from './r11-rights.ts';
import { run as runChurn } from './r12-churn.ts';
import { holds, type TortureRow } from './row.ts';

/**
 * `npm run torture [-- ROW …] [--short] [--json] [--seed N]`: exit code 0 when every row that ran holds. With `--json` the
 * last line of each row is its result.
 */
const rows: readonly TortureRow[] = [
  {
    name: 'R1',
    title: 'a server is killed while people send and mark',
    rounds: { long: 200, short: 6 },
    run: runKills,
  },
  {
    name: 'R3',
    title: 'the network before the stores is slow, resets, goes silent and loses answers, and MongoDB’s commands fail',
    rounds: { long: 60, short: 2 },
    run: (options) => runNetworkFaults(options),
  },
  {
    name: 'R5',
    title: 'the read models are rebuilt, and builds are killed, stopped and removed, while many read and write',
    rounds: { long: 3, short: 1 },
    run: (options) => runRebuild(options.rounds > 1 ? options : { ...options, ...shortStage }),
  },
  {
    name: 'R6',
    title: 'the subscription to the log ends cleanly, errors and goes silent',
    rounds: { long: 100, short: 2 },
    run: runSubscriptionFaults,
  },
  {
    name: 'R8',
    title: 'some of many who watch stop to read while messages flow',
    rounds: { long: 5, short: 1 },
    run: runSlow,
  },
  {
    name: 'R9',
    title: 'people are removed and tokens expire while they watch another process',
    rounds: { long: 1_000, short: 8 },
    run: runRevoked,
  },
  {
    name: 'R10',
    title: 'hostile requests over HTTP, WebSocket and raw connections',
    rounds: { long: 100_000, short: 20_000 },
    run: runMalformed,
  },
  {
    name: 'R11',
    title: 'every field is asked for as everybody, before and after each change of rights',
    rounds: { long: 4, short: 1 },
    run: runRights,
  },
  {
    name: 'R12',
    title: 'people come and go without a word, and a server ends with deaf clients',
    rounds: { long: 30_000, short: 300 },
    run: runChurn,
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const seed = Number(values.seed);
const wanted = positionals.map((name) => name.toUpperCase());
const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  process.stderr.write(`No such row or seed. There are ${rows.map(({ name }) => name).join(', ')}.\n`);
  process.exit(2);
}

const log = (line: string): void => void process.stderr.write(`${line}\n`);
process.exitCode = 0;
for (const row of rows) {
  if (wanted.length > 0 && !wanted.includes(row.name)) continue;
  log(`${row.name}: ${row.title}, seed ${seed}`);
  const result = await row.run({ rounds: values.short ? row.rounds.short : row.rounds.long, seed, log });
  const control = result.controlFailed ? 'fails' : 'does not fail, so it shows nothing';
  process.stdout.write(
    `${row.name} ${holds(result) ? 'holds' : 'does not hold'}: ${result.failures} of ${result.runs} runs failed ` +
      `in ${Math.round(result.seconds)} s; without the cure it ${control}.\n`,
  );
  if (values.json) process.stdout.write(`${JSON.stringify({ row: row.name, ...result })}\n`);
  if (!holds(result)) process.exitCode = 1;
}
// What a hostile client leaves behind, a connection that was reset in the middle of something, keeps nobody here.
process.exit();
