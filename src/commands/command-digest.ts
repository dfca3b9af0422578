import { deriveId } from '../events/event-id.ts';
import { asWritten } from './written-text.ts';

/**
 * What a client orders, in 36 characters: the same for the same content, whatever the order in which its fields were
 * written, in which form of Unicode, and whichever release of Highwater reads them, as long as fields that are not given
 * stay undefined. The
 * creator's name is not the client's word: it is the token's, and another token may say another one.
 */
export function digestOf(order: object): string {
  const said = Object.entries(asWritten(order)).filter(([name]) => name !== 'creatorName');
  return deriveId('command', canonical(Object.fromEntries(said)));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const given = Object.entries(value).filter(([, field]) => field !== undefined);
  const sorted = given.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
