import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEventStoreLog, type SubscriptionFault } from '../../../src/adapters/eventstoredb/event-log.ts';
import { watchForSilence } from '../../../src/adapters/eventstoredb/silence.ts';
import { type EventLog, noStream, startOfLog } from '../../../src/ports/event-log.ts';
import { type NetworkProxy, startNetworkProxy } from '../../../torture/network-proxy.ts';
import { type ScriptedServer, startScriptedServer } from '../../../torture/scripted/server.ts';
import { marks } from '../../contract/event-log-samples.ts';

describe('followers of one log', () => {
  let server: ScriptedServer;
  let proxy: NetworkProxy;
  let log: EventLog;
  let faults: SubscriptionFault[];
  const never = new AbortController().signal;
  const follow = (after = startOfLog) => log.subscribe(after, never)[Symbol.asyncIterator]();

  beforeEach(async () => {
    faults = [];
    server = await startScriptedServer();
    proxy = await startNetworkProxy(server.port);
    log = await openEventStoreLog({
      url: `esdb://127.0.0.1:${proxy.port}?tls=false`,
      deadlineMilliseconds: 300,
      silenceMilliseconds: 150,
      backoff: { first: 5, most: 50 },
      onFault: (fault) => faults.push(fault),
    });
  });
  afterEach(async () => {
    await log.close();
    await proxy.stop();
    server.stop();
  });

  const subscriptions = () => server.subscriptions.size;

  test('share one subscription and, once they are up to date, one array; it ends with the last of them', async () => {
    const followers = Array.from({ length: 120 }, () => follow());
    await Promise.all(followers.map((follower) => follower.next()));
    expect(subscriptions()).toBe(1);
    const next = followers.map((follower) => follower.next());
    await log.append('group-a', noStream, marks(0, 3));
    const [first, ...others] = await Promise.all(next);
    expect(first?.value?.events).toHaveLength(3);
    for (const other of others) expect(other.value?.events).toBe(first?.value?.events);
    for (const follower of followers.slice(1)) await follower.return?.();
    expect(subscriptions()).toBe(1);
    await followers[0]?.return?.();
    await expect.poll(subscriptions, { interval: 5 }).toBe(0);
    expect(faults).toEqual([]);
  });

  test('wait for a server that is not there yet, and begin where they were told to', async () => {
    server.log.append('group-a', -1, [
      { id: 'a', type: 'T', contentType: 'application/json', data: Buffer.from('{}'), metadata: Buffer.from('{}') },
    ]);
    proxy.set('refuse');
    const pending = follow().next();
    await expect.poll(() => faults.length, { interval: 5 }).toBeGreaterThan(2);
    expect(faults.every(({ kind }) => kind === 'failed')).toBe(true);
    proxy.set('pass');
    expect((await pending).value).toMatchObject({ events: [{ streamName: 'group-a' }], caughtUp: true });
  });

  test('go on after the last event that came, when a subscription ends, fails and goes silent', async () => {
    const follower = follow();
    await follower.next();
    let version = noStream;
    for (const kind of ['ended', 'failed', 'silent'] as const) {
      await expect.poll(subscriptions, { interval: 5 }).toBe(1);
      const [subscription] = server.subscriptions;
      if (kind === 'ended') subscription?.end();
      else if (kind === 'failed') subscription?.fail(2);
      else subscription?.silence();
      const next = follower.next();
      await log.append('group-a', version, marks(version + 1, 1));
      version += 1;
      expect((await next).value?.events).toMatchObject([{ version }]);
      expect(faults.at(-1)).toMatchObject({ kind });
      expect(String(faults.at(-1))).toContain(kind);
    }
    expect(faults).toHaveLength(3);
  });

  test('find out that the connection is dead though it is open, and take another one', async () => {
    const follower = follow();
    await follower.next();
    proxy.freeze();
    const next = follower.next();
    server.log.append('group-a', -1, [
      { id: 'a', type: 'T', contentType: 'application/json', data: Buffer.from('{}'), metadata: Buffer.from('{}') },
    ]);
    expect((await next).value?.events).toMatchObject([{ version: 0 }]);
    expect(faults[0]).toMatchObject({ kind: 'silent', cause: { name: 'LogUnavailable' } });
  });

  test('are told, like everybody, when a read gets no answer within its deadline', async () => {
    await log.endPosition();
    proxy.freeze();
    await expect(log.readStream('group-a', 0, 1)).rejects.toThrow('nothing was heard for too long');
    await expect(log.readAll(startOfLog, 1)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });

  test('are not disturbed while an idle log is silent', async () => {
    const follower = follow();
    await follower.next();
    const before = server.readsSeen();
    await expect.poll(() => server.readsSeen() - before, { interval: 20, timeout: 5_000 }).toBeGreaterThan(3);
    expect(faults).toEqual([]);
    await follower.return?.();
  });

  test('hold up nothing when the log is closed on a connection that is dead', async () => {
    const follower = follow();
    await follower.next();
    proxy.freeze();
    const pending = [follower.next(), follow().next()];
    const reading = log.readAll(startOfLog, 10);
    reading.catch(() => {});
    await log.close();
    expect(await Promise.all(pending)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    await expect(reading).rejects.toMatchObject({ name: 'LogUnavailable' });
    await expect(log.endPosition()).rejects.toMatchObject({ name: 'LogUnavailable' });
    await expect(log.append('group-a', noStream, marks(0, 1))).rejects.toMatchObject({ name: 'LogUnavailable' });
    expect(await follow().next()).toEqual({ done: true, value: undefined });
  });
});

test('silence counts only while nothing is heard, during the examination too', async () => {
  const told = Promise.withResolvers<string>();
  let examinations = 0;
  const watch = watchForSilence(
    30,
    async () => {
      examinations += 1;
      if (examinations === 1) return undefined;
      if (examinations === 2) watch.heard();
      return `after ${examinations}`;
    },
    told.resolve,
  );
  expect(await told.promise).toBe('after 3');
});
