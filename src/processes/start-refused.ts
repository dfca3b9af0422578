import { getSystemErrorMessage } from 'node:util';

/** The process cannot begin. The message is all that the person who starts it is told, and names what they can mend. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** What an attempt at the start has failed with: a sentence where the operating system refused it, else the error itself. */
export function startRefused(attempt: string, error: unknown): unknown {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return error;
  return new StartRefused(`${attempt}: ${getSystemErrorMessage(error.errno) ?? error.message}`, { cause: error });
}

/** Opens a port. Rejects with StartRefused where it cannot be had. */
export async function listening<Listener>(
  { host, port }: { readonly host: string; readonly port: number },
  start: () => Promise<Listener>,
): Promise<Listener> {
  try {
    return await start();
  } catch (error) {
    throw startRefused(`cannot listen at ${host}, port ${port}`, error);
  }
}
