/** The read models cannot be used now. */
export class ReadModelsUnavailable extends Error {
  override readonly name = 'ReadModelsUnavailable';
}

/** The read models are damaged and nothing of them can be relied on: discard them and build them from the log again. */
export class ReadModelsCorrupt extends Error {
  override readonly name = 'ReadModelsCorrupt';
}

/** Another process has become the one writer, or the build is gone. Nothing more is written by this one until it is chosen again. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
