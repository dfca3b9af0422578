import { createClient } from 'graphql-ws';
import { type CloseEvent, WebSocket } from 'ws';
import type { Asker } from './askers.ts';
import { subjectsOf, type Variables, variablesOf } from './questions.ts';
import type { Scene } from './scene.ts';
import { schemaDocuments } from './schema-documents.ts';
import type { Secrets } from './secrets.ts';

/** One subscription and everything that it was handed, errors and the end included. */
export interface Watched {
  readonly asker: Asker;
  readonly root: string;
  readonly groupId: string | undefined;
  readonly request: string;
  readonly leaves: readonly string[];
  readonly since: number;
  readonly items: string[];
}

export interface Watching {
  readonly all: readonly Watched[];
  stop(): Promise<void>;
}

export interface WatchOptions {
  readonly url: string;
  readonly scene: Scene;
  readonly secrets: Secrets;
  /** Over WebSocket on one socket, or as server-sent events on a connection each. */
  readonly transport: 'websocket' | 'events';
  /** Every so many documents one is subscribed to. */
  readonly every: number;
}

/** Subscribes to everything as one asker: each way down from each subscription, about each subject. */
export function watch(options: WatchOptions, asker: Asker): Watching {
  const { scene, secrets, transport, every } = options;
  const documents = schemaDocuments('subscription', { eachLeafAlone: false });
  const questions = documents.flatMap((document) =>
    subjectsOf(document, scene, asker.person).map((subject) => ({
      document,
      variables: variablesOf(document, subject, scene),
    })),
  );
  const chosen = questions.filter((_, index) => index % every === 0);
  const all = chosen.map(({ document, variables }): Watched & { variables: Variables; query: string } => ({
    ...{ asker, root: document.root, leaves: document.leaves, query: document.query, variables },
    ...{ request: JSON.stringify({ query: document.query, variables }), since: secrets.now(), items: [] },
    groupId: typeof variables['groupId'] === 'string' ? variables['groupId'] : undefined,
  }));
  const stop = transport === 'websocket' ? overWebSocket(options.url, asker, all) : overEvents(options.url, asker, all);
  return { all, stop };
}

function overWebSocket(
  url: string,
  { authorization }: Asker,
  all: readonly (Watched & { readonly query: string; readonly variables: Variables })[],
): () => Promise<void> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: authorization === undefined ? {} : { authorization },
    retryAttempts: 0,
  });
  for (const { query, variables, items } of all) {
    client.subscribe(
      { query, variables },
      {
        next: (item) => void items.push(JSON.stringify(item)),
        error: (error) =>
          void items.push(JSON.stringify(Array.isArray(error) ? { errors: error } : { end: endOf(error) })),
        complete: () => {},
      },
    );
  }
  return async () => client.dispose();
}

/** A socket that was closed says by its code why. */
const endOf = (error: unknown): string =>
  error instanceof Error ? String(error) : `closed with ${(error as CloseEvent).code}`;

function overEvents(url: string, { authorization }: Asker, all: readonly Watched[]): () => Promise<void> {
  const abort = new AbortController();
  const reading = all.map(async ({ request, items }) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(authorization !== undefined && { authorization }),
      },
      body: request,
      signal: abort.signal,
    });
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const events = `${text}${chunk}`.split('\n\n');
      text = events.pop() ?? '';
      items.push(...events.flatMap((event) => /^data: ?(\{.*)$/m.exec(event)?.[1] ?? []));
    }
    if (text !== '') items.push(text);
  });
  // A connection that is cut is an end like others; whoever misses items of it says so.
  const ended = Promise.allSettled(reading);
  return async () => {
    abort.abort();
    await ended;
  };
}

/** What those who watched were handed and may not have been. */
export function watchProblems(secrets: Secrets, scene: Scene, all: readonly Watched[]): readonly string[] {
  return all.flatMap((one) => {
    const told = (what: string, item: string) => `${one.asker.name} is ${what} by ${one.request}: ${item}`;
    return one.items.flatMap((item) => {
      const leaks = secrets.leaks(one.asker.userId, one.since, one.request, item);
      const moved = movedAfterDeparture(one, scene, item);
      return [
        ...(leaks.length > 0 ? [told(`shown ${leaks.join(', ')}`, item)] : []),
        ...(moved === undefined ? [] : [told(`told ${moved} of a group they have left`, item)]),
        ...(item.includes('Something unexpected went wrong') ? [told('told of a defect', item)] : []),
      ];
    });
  });
}

interface Counters {
  readonly version?: number;
  readonly lastSeq?: number;
  readonly asOf?: string;
  readonly groupId?: string;
}

/** Which counter of a group shows that it went on after the watcher's departure. */
function movedAfterDeparture({ asker, root, groupId }: Watched, scene: Scene, item: string): string | undefined {
  const departure = asker.userId === undefined ? undefined : scene.departures.get(asker.userId);
  const counters = (JSON.parse(item) as { data?: Record<string, Counters | null> | null }).data?.[root];
  if (departure === undefined || !counters || (groupId ?? counters.groupId) !== scene.groups.vault) return undefined;
  if ((counters.version ?? 0) > departure.version) return `version ${counters.version}`;
  if ((counters.lastSeq ?? 0) > departure.lastSeq) return `lastSeq ${counters.lastSeq}`;
  if (Number(counters.asOf ?? 0) > departure.position) return `position ${counters.asOf}`;
  return undefined;
}
