import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

/** One command on its way to the server. */
export interface WireCommand {
  readonly name: string;
  /** Without the build that it is of. */
  readonly collection: string;
  /** With it. */
  readonly namespace: string;
  readonly body: Document;
}

/**
 * What becomes of a command: it goes through; the connection is cut before the server sees it, or after, so that only its
 * answer is lost; or the proxy answers in the server's place.
 */
export type Fate = 'through' | 'cut before' | 'cut after' | { readonly answer: Document };

export interface WireProxy {
  /** The server's URL with this proxy's address. */
  readonly url: string;
  /** Another URL of the same server, for instance with another database in its path. */
  urlOf(serverUrl: string): string;
  /** Asked about every command; a promise holds the command, and its connection, until it is settled. */
  decide: (command: WireCommand) => Fate | Promise<Fate>;
  close(): Promise<void>;
}

const messageOpcode = 2013;

/** Stands between a client and a MongoDB, and takes connections down where a test says so. */
export async function startWireProxy(serverUrl: string): Promise<WireProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const proxy: { decide: WireProxy['decide'] } = { decide: () => 'through' };
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    let isAnswerLost = false;
    upstream.on('data', (bytes) => {
      if (isAnswerLost) cut();
      else client.write(bytes);
    });
    let waiting = Promise.resolve();
    const splitter = createSplitter((message) => {
      waiting = waiting.then(async () => {
        const command = toCommand(message);
        const fate = command === undefined ? 'through' : await proxy.decide(command);
        if (fate === 'cut before') return cut();
        if (typeof fate === 'object') return void client.write(toAnswer(message, fate.answer));
        isAnswerLost ||= fate === 'cut after';
        upstream.write(message);
      });
    });
    client.on('data', splitter);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const urlOf = (other: string): string => {
    const url = new URL(other);
    url.host = `127.0.0.1:${port}`;
    // By the proxy's address alone: a replica set would name its own.
    url.searchParams.set('directConnection', 'true');
    return String(url);
  };
  return Object.assign(proxy, {
    url: urlOf(serverUrl),
    urlOf,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  });
}

/** Hands on whole messages of the wire protocol, whatever pieces they arrive in. */
function createSplitter(onMessage: (message: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      onMessage(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

/** Undefined for the handshake and whatever else the driver says to the server by itself. */
function toCommand(message: Buffer): WireCommand | undefined {
  if (message.readInt32LE(12) !== messageOpcode) return undefined;
  const flagsEnd = 20;
  const body = documentAt(message, flagsEnd + 1);
  const [name = '', namespace] = Object.entries(body)[0] ?? [];
  if (typeof namespace !== 'string') return undefined;
  let at = flagsEnd + 1 + message.readInt32LE(flagsEnd + 1);
  // Documents to insert and updates travel behind it, each list as a section of its own.
  while (at < message.length && message[at] === 1) {
    const end = at + 1 + message.readInt32LE(at + 1);
    const nameEnd = message.indexOf(0, at + 5);
    const documents: Document[] = [];
    for (let next = nameEnd + 1; next < end; next += message.readInt32LE(next))
      documents.push(documentAt(message, next));
    body[message.toString('utf8', at + 5, nameEnd)] = documents;
    at = end;
  }
  return { name, collection: namespace.replace(/^v\d+-[0-9a-f]{12}_/, ''), namespace, body };
}

function toAnswer(request: Buffer, answer: Document): Buffer {
  const body = BSON.serialize(answer);
  const header = Buffer.alloc(21);
  header.writeInt32LE(header.length + body.length, 0);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(messageOpcode, 12);
  return Buffer.concat([header, body]);
}

const documentAt = (message: Buffer, start: number): Document =>
  BSON.deserialize(message.subarray(start, start + message.readInt32LE(start)));

/** Commands that change documents. */
export const isWrite = ({ name }: WireCommand): boolean =>
  ['insert', 'update', 'findAndModify', 'delete'].includes(name);
