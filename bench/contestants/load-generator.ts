import { createTokens } from '../../src/rights/tokens.ts';
import { answer, contestantOptions } from '../child.ts';
import { percentile } from '../measure.ts';
import { buildFrame, openSocket } from './raw-socket.ts';

export interface LoadOptions {
  readonly url: string;
  readonly secret: string;
  readonly operation: 'send' | 'mark' | 'noop' | 'noopWithInput';
  readonly groupId: string;
  /** Each is a member of its own, over one socket, with one operation under way. */
  readonly clients: number;
  /** The number of the first of them; 0 unless given. */
  readonly firstClient?: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Ends after so many operations of each client at the latest. */
  readonly maximumEach?: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p99Milliseconds: number;
  /** Everything that was acknowledged, before and during the measured time. */
  readonly acknowledged: number;
  readonly failed: number;
}

/** Where the number of the operation goes, and the operation's id; both are overwritten in the frame that stands ready. */
const idPlace = '00000000';
const numberPlace = '11111111';

const options = contestantOptions<LoadOptions>();
const port = Number(new URL(options.url).port);
const tokens = createTokens(options.secret, Date.now);

const answerMilliseconds = 10_000;

let counted = 0;
let underWay = 0;
let acknowledged = 0;
let failed = 0;
let isMeasuring = false;
let isEnding = false;
const milliseconds: number[] = [];

async function startClient(index: number): Promise<() => void> {
  const frame = buildFrame(
    JSON.stringify({ id: idPlace, type: 'subscribe', payload: payload(index) }).replace(
      `"${numberPlace}"`,
      numberPlace,
    ),
  );
  const idAt = frame.indexOf(idPlace);
  const numberAt = frame.indexOf(numberPlace);
  let sent = 0;
  let sentAt = 0;
  let isStopped = false;
  const token = await tokens.issue({ userId: `user-${(options.firstClient ?? 0) + index}` }, 3_600);
  const socket = await openSocket(port, `Bearer ${token}`, (chunk, from, to) => {
    const text = chunk.toString('latin1', from, to);
    if (text.includes('"error')) {
      failed += 1;
      if (failed === 1) process.stderr.write(`the server answers: ${text}\n`);
      if (!text.includes('"type":"error"')) return;
      underWay -= 1;
      next();
      return;
    }
    if (!text.includes('"type":"complete"')) return;
    underWay -= 1;
    acknowledged += 1;
    if (isMeasuring) {
      counted += 1;
      milliseconds.push(performance.now() - sentAt);
    }
    next();
  });

  function next(): void {
    if (isEnding || isStopped) return;
    sent += 1;
    underWay += 1;
    if (sent === options.maximumEach) isStopped = true;
    frame.write(String(sent).padStart(8, '0'), idAt, 'latin1');
    // A mark's number is JSON's own, which knows no leading zeros but takes leading spaces.
    if (numberAt >= 0)
      frame.write(String(sent).padStart(8, options.operation === 'mark' ? ' ' : '0'), numberAt, 'latin1');
    sentAt = performance.now();
    socket.send(frame);
  }
  return next;
}

function payload(index: number): object {
  const { operation, groupId } = options;
  if (operation === 'noop') return { query: 'mutation { noop }' };
  if (operation === 'mark') {
    const query = 'mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position } }';
    return { query, variables: { input: { marks: [{ groupId, upTo: numberPlace }] } } };
  }
  const field = operation === 'send' ? 'sendMessage(input: $input) { position }' : 'noopWithInput(input: $input)';
  // 300 bytes of text; the message's id is as long as a UUID.
  const input = {
    groupId,
    messageId: `message-of-client-${String(index).padStart(9, '0')}-${numberPlace}`,
    text: 'text '.repeat(60),
  };
  return { query: `mutation ($input: SendMessageInput!) { ${field} }`, variables: { input } };
}

const starts: (() => void)[] = [];
for (let index = 0; index < options.clients; index += 1) starts.push(await startClient(index));
for (const start of starts) start();
await new Promise((resolve) => setTimeout(resolve, options.warmUpSeconds * 1_000));
isMeasuring = true;
const started = performance.now();
await new Promise((resolve) => setTimeout(resolve, options.seconds * 1_000));
isMeasuring = false;
const elapsed = performance.now() - started;
isEnding = true;
// What is under way is answered before the contents are checked: a message that is stored and not counted as acknowledged
// would look like one that is stored twice.
for (let waited = 0; underWay > 0; waited += 10) {
  if (waited >= answerMilliseconds) throw new Error(`${underWay} operations got no answer in ${answerMilliseconds} ms`);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
const result: LoadResult = {
  perSecond: (counted * 1_000) / elapsed,
  p99Milliseconds: percentile(milliseconds, 0.99),
  acknowledged,
  failed,
};
answer(result);
