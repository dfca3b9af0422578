import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** What a healthy client has seen while others attacked. */
export interface ProbeReport {
  readonly probes: number;
  readonly longestMilliseconds: number;
  readonly problems: readonly string[];
}

const { url, authorization } = workerData as { url: string; authorization: string };
const pauseMilliseconds = 10;

let stopping = false;
parentPort?.once('message', () => {
  stopping = true;
});

/** A health check and a query with a token; what they answer. */
async function probe(): Promise<string> {
  const health = await fetch(`${url}/health`);
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: '{"query":"{ me { userId } }"}',
  });
  return `${health.status} ${await health.text()} ${answer.status} ${await answer.text()}`;
}

const healthy = '200 {"status":"ok"} 200 {"data":{"me":{"userId":"ada"}}}';
let [probes, longestMilliseconds] = [0, 0];
const problems: string[] = [];
while (!stopping) {
  const begun = performance.now();
  const answer = await probe().catch((error: unknown) => String(error));
  longestMilliseconds = Math.max(longestMilliseconds, Math.round(performance.now() - begun));
  probes += 1;
  if (answer !== healthy && problems.length < 5) problems.push(answer.slice(0, 300));
  await wait(pauseMilliseconds);
}
parentPort?.postMessage({ probes, longestMilliseconds, problems } satisfies ProbeReport);
