import { Metadata, type status } from '@grpc/grpc-js';

/** A call's failure, with the headers that EventStoreDB's clients tell its kinds by. */
export function refusal(code: status, headers: Readonly<Record<string, string>> = {}, details = 'as the script says') {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}
