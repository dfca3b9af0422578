import { WebSocket } from 'ws';

export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** Sends one frame after another, a ping behind the last, and resolves with what came back before its pong or a close. */
export async function converse(
  url: string,
  frames: readonly (string | object)[],
  headers: Record<string, string> = {},
) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  const messages: Message[] = [];
  const ended = Promise.withResolvers<{ code: number; reason: string } | undefined>();
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.type === 'pong' && (message.payload as { last?: true } | undefined)?.last) ended.resolve(undefined);
    else messages.push(message);
  });
  socket.once('close', (code, reason) => ended.resolve({ code, reason: String(reason) }));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const [index, frame] of frames.entries()) {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    // An init is looked at for a while; what comes after it is meant to come after its answer.
    const answered = new Promise((resolve) => {
      socket.once('message', resolve);
      socket.once('close', resolve);
    });
    if (socket.readyState === socket.OPEN) socket.send(text);
    if (text.includes('connection_init') && index === 0) await answered;
    if (text.includes('"one answer"')) await answered;
  }
  if (socket.readyState === socket.OPEN) socket.send('{"type":"ping","payload":{"last":true}}');
  const closed = await ended.promise;
  socket.terminate();
  return { messages, closed };
}

export const subscribe = (payload: object, id = '1') => ({ type: 'subscribe', id, payload });
