/** The read models cannot be used now. */
export class ReadModelsUnavailable extends Error {
  override readonly name = 'ReadModelsUnavailable';
}

/** The disk does not take what is to be written: it is full, or fails. That may pass, once somebody has seen to it. */
export class ReadModelsUnwritable extends ReadModelsUnavailable {}

/** The read models are damaged and nothing of them can be relied on: discard them and build them from the log again. */
export class ReadModelsCorrupt extends Error {
  override readonly name = 'ReadModelsCorrupt';
}

/** Another process has become the one writer, or the build is gone. Nothing more is written by this one until it is chosen again. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** What wrote the rows has ended by itself, in the middle of its work and for no fault of what it was to write. */
export class WriterEnded extends Error {
  override readonly name = 'WriterEnded';
}
