/** How often a connection is checked while calls are open on it. Below 10 s, the client prints a warning at each start. */
const keepAliveIntervalMilliseconds = 10_000;
/** How long the answer to such a check may take. */
const keepAliveTimeoutMilliseconds = 4_000;

/**
 * The connection string with keep-alive settings where it has none: then a connection to a server that has gone silent
 * ends after 14 s instead of the client's 20 s. The supervisor of the subscription is quicker, see
 * supervised-subscription.ts, but does not run where nobody follows the log.
 */
export function withKeepAlive(url: string): string {
  const settings = url
    .slice(url.indexOf('?') + 1)
    .replaceAll(/[_-]/g, '')
    .toLowerCase();
  const missing = [
    ['keepAliveInterval', keepAliveIntervalMilliseconds],
    ['keepAliveTimeout', keepAliveTimeoutMilliseconds],
  ].filter(([name]) => !settings.includes(`${String(name).toLowerCase()}=`));
  return missing.reduce(
    (result, [name, value]) => `${result}${result.includes('?') ? '&' : '?'}${name}=${value}`,
    url.trim(),
  );
}
