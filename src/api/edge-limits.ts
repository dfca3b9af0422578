/** How long and how much the edge bears from a client that is slow, silent or large. */
export interface EdgeLimits {
  /** The body of a request; also one that comes in chunks. */
  readonly maximumBodyBytes: number;
  /** The body of a request whose sender nobody knows: it is held in memory before it is anything. */
  readonly maximumAnonymousBodyBytes: number;
  /** The request line and all headers together. */
  readonly maximumHeaderBytes: number;
  /** Requests of one connection that wait for their answers. Beyond it the connection ends with those that it has. */
  readonly maximumPipelinedRequests: number;
  /** A request that has not come whole in this time is given up, and so is a connection that sends nothing. */
  readonly requestMilliseconds: number;
  /** How often Node looks for such requests. */
  readonly requestCheckMilliseconds: number;
  /** A connection on which nothing moves although something is under way: its client does not read. */
  readonly stalledMilliseconds: number;
  /** A WebSocket without connection_init is closed after this. */
  readonly initMilliseconds: number;
  readonly maximumFrameBytes: number;
  /** What a socket may have waiting to be sent. Beyond it the reader is too slow: it is closed, and resumes at a version. */
  readonly maximumBufferedBytes: number;
  readonly bufferCheckMilliseconds: number;
  /** A socket that does not answer a ping until the next one is closed, with the code that means "resume". */
  readonly pingMilliseconds: number;
  /** A peer that does not answer a close in this time is cut off. */
  readonly closeMilliseconds: number;
  /** What is under way when the process is told to end may take this long; a query waits 5 s for its read model. */
  readonly drainMilliseconds: number;
}

export const edgeLimits: EdgeLimits = {
  maximumBodyBytes: 4 * 1024 * 1024,
  maximumAnonymousBodyBytes: 64 * 1024,
  maximumHeaderBytes: 16 * 1024,
  maximumPipelinedRequests: 100,
  requestMilliseconds: 30_000,
  requestCheckMilliseconds: 1_000,
  stalledMilliseconds: 30_000,
  initMilliseconds: 10_000,
  maximumFrameBytes: 1024 * 1024,
  maximumBufferedBytes: 8 * 1024 * 1024,
  bufferCheckMilliseconds: 1_000,
  // Two of these and the time that a close may take are less than half a minute, also on a busy machine.
  pingMilliseconds: 10_000,
  closeMilliseconds: 5_000,
  drainMilliseconds: 7_000,
};
