import { Metadata, status } from '@grpc/grpc-js';

/** A call's failure, with the headers that EventStoreDB's clients tell its kinds by. */
export function refusal(code: status, headers: Readonly<Record<string, string>> = {}, details = 'as the script says') {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

/** As EventStoreDB says it of every read of the stream and every append to it. */
export const streamDeleted = (streamName: string) =>
  refusal(
    status.FAILED_PRECONDITION,
    { exception: 'stream-deleted', 'stream-name': streamName },
    `Event stream '${streamName}' is deleted.`,
  );
