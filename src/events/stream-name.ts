import { isId } from './values.ts';

/** The log's streams: `group-<groupId>`, `reads-<groupId>` and `imports-<groupId>`. */
export type StreamFamily = 'group' | 'reads' | 'imports';
export type StreamName = `${StreamFamily}-${string}`;

export const groupStream = (groupId: string): StreamName => `group-${groupId}`;
export const readsStream = (groupId: string): StreamName => `reads-${groupId}`;
export const importsStream = (groupId: string): StreamName => `imports-${groupId}`;

/** The prefixes of every stream that is ours, for a subscription that the server filters. */
export const streamPrefixes = ['group-', 'reads-', 'imports-'] as const;

export interface ParsedStreamName {
  readonly family: StreamFamily;
  readonly groupId: string;
}

/** Whoever reads a log meets the same few names again and again. */
const parsedNames = new Map<string, ParsedStreamName>();
const maximumParsedNames = 10_000;

/** Takes a stream's name apart; undefined where the stream is somebody else's, as is one that no group could have. */
export function parseStreamName(name: string): ParsedStreamName | undefined {
  const known = parsedNames.get(name);
  if (known !== undefined) return known;
  const parsed = parse(name);
  if (parsedNames.size >= maximumParsedNames) parsedNames.clear();
  if (parsed !== undefined) parsedNames.set(name, parsed);
  return parsed;
}

function parse(name: string): ParsedStreamName | undefined {
  const dash = name.indexOf('-');
  const family = name.slice(0, dash);
  if (dash < 1 || (family !== 'group' && family !== 'reads' && family !== 'imports')) return undefined;
  const groupId = name.slice(dash + 1);
  return isId(groupId) ? { family, groupId } : undefined;
}
