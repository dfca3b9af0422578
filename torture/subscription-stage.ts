import { setTimeout as wait } from 'node:timers/promises';
import { deriveId } from '../src/events/event-id.ts';
import { type EventLog, startOfLog } from '../src/ports/event-log.ts';
import { type NetworkProxy, startNetworkProxy } from './network-proxy.ts';
import { type ScriptedServer, startScriptedServer } from './scripted/server.ts';

/** A server under appends, and two who follow it through a proxy. */
export interface SubscriptionStage {
  readonly server: ScriptedServer;
  readonly proxy: NetworkProxy;
  /** Appends one event to a stream of ours and resolves once all followers have it; false where that takes too long. */
  reaches(milliseconds: number): Promise<boolean>;
  /** Ends the appends and says what the followers have missed or been given twice. */
  finish(milliseconds: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** One who follows, from the start of the log or from its end. */
interface Follower {
  readonly name: string;
  readonly received: number[];
  readonly after: number;
}

export async function startSubscriptionStage(
  open: (url: string) => Promise<EventLog>,
  random: () => number,
): Promise<SubscriptionStage> {
  const server = await startScriptedServer();
  const proxy = await startNetworkProxy(server.port);
  const log = await open(`esdb://127.0.0.1:${proxy.port}?tls=false`);
  const ending = new AbortController();
  let isWriting = true;
  const followers: Follower[] = [];
  let appended = 0;

  /** Gives the position of the event. */
  function append(family: 'group' | 'reads' | 'other'): number {
    appended += 1;
    const streamName = `${family}-${Math.floor(random() * 5)}`;
    const expected = server.log.stream(streamName).length - 1;
    const answer = server.log.append(streamName, expected, [
      {
        id: deriveId('torture', String(appended)),
        type: 'ReadUpTo',
        contentType: 'application/json',
        data: Buffer.from(JSON.stringify({ upTo: appended })),
        metadata: Buffer.from('{}'),
      },
    ]);
    return answer.kind === 'success' ? answer.commit : startOfLog;
  }

  async function keepAppending(): Promise<void> {
    while (isWriting) {
      for (let count = 1 + Math.floor(random() * 4); count > 0; count -= 1) {
        append(random() < 0.4 ? 'other' : random() < 0.5 ? 'group' : 'reads');
      }
      await wait(random() * 40);
    }
  }

  async function follow(name: string, after: number): Promise<void> {
    const follower: Follower = { name, received: [], after };
    followers.push(follower);
    for await (const { events } of log.subscribe(after, ending.signal)) {
      for (const { position } of events) follower.received.push(position);
    }
  }

  async function haveReached(position: number, milliseconds: number): Promise<boolean> {
    const late = performance.now() + milliseconds;
    while (followers.some(({ received }) => (received.at(-1) ?? startOfLog) < position)) {
      if (performance.now() > late) return false;
      await wait(2);
    }
    return true;
  }

  function difference({ name, received, after }: Follower): readonly string[] {
    const due = server.log.events
      .filter(({ streamName, commit }) => !streamName.startsWith('other-') && commit > after)
      .map(({ commit }) => commit);
    const index = due.findIndex((position, at) => received[at] !== position);
    if (index === -1 && received.length === due.length) return [];
    return [`${name} has ${received.length} events of ${due.length}, and goes wrong at number ${index}`];
  }

  for (let count = 0; count < 50; count += 1) append('group');
  const writing = keepAppending();
  const running = [
    follow('who began at the start', startOfLog),
    follow('who began at the end', server.log.events.at(-1)?.commit ?? startOfLog),
  ];
  return {
    server,
    proxy,
    reaches: (milliseconds) => haveReached(append('group'), milliseconds),
    finish: async (milliseconds) => {
      isWriting = false;
      await writing;
      const last = append('group');
      const isThere = await haveReached(last, milliseconds);
      ending.abort();
      await Promise.all(running);
      return [...(isThere ? [] : ['the last event did not come']), ...followers.flatMap(difference)];
    },
    close: async () => {
      isWriting = false;
      ending.abort();
      await Promise.all([writing, ...running]);
      await log.close();
      await proxy.stop();
      server.stop();
    },
  };
}
