// Asks this container's own process for a path, /health or /ready, and exits with 0 when the answer is 200. What the
// process says goes to standard output, where `docker inspect` shows it.
const [path = '/health'] = process.argv.slice(2);
const port = process.env.HIGHWATER_PORT ?? '4000';

try {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(`${answer.status} ${await answer.text()}\n`);
  process.exitCode = answer.status === 200 ? 0 : 1;
} catch (error) {
  process.stdout.write(`${path} on port ${port} does not answer: ${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
