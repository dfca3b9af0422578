/** What an answer says of one thing, wherever it stands in it: its fields, by their names and arguments in the document. */
type Thing = Record<string, unknown>;

const isThing = (value: unknown): value is Thing =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const number = (value: unknown): number => Number(value);
const nodesOf = (connection: unknown): readonly Thing[] =>
  isThing(connection) ? (connection['edges'] as readonly { readonly node: Thing }[]).map(({ node }) => node) : [];

/**
 * Whether an answer is of one moment, by its JSON alone: undefined, or why not. All objects have their `__typename` and
 * `id`, lists hold everything there is, and whoever asks was there from the start.
 */
export function doesNotAddUp(data: unknown): string | undefined {
  const told = new Map<string, unknown>();
  const problems: string[] = [];

  /** The same field of the same thing says the same, as a client's cache takes for granted. */
  function tell(thing: Thing): void {
    for (const [field, value] of Object.entries(thing)) {
      if (isThing(value) || Array.isArray(value)) continue;
      const key = `${String(thing['id'])}.${field}`;
      if (told.has(key) && told.get(key) !== value)
        problems.push(`${key} is ${String(told.get(key))} and ${String(value)}`);
      told.set(key, value);
    }
  }

  function require(isTrue: boolean, what: string, thing: Thing): void {
    if (!isTrue) problems.push(`${what}: ${JSON.stringify(thing)}`);
  }

  function checkGroup(group: Thing): void {
    const messages = nodesOf(group['timeline']);
    const has = (...fields: readonly string[]) =>
      fields.every((field) => group[field] !== undefined && group[field] !== null);
    if (has('timeline', 'lastSeq')) {
      require(messages.length === group['lastSeq'], 'every message up to the newest is in the timeline', group);
    }
    if (has('members', 'memberCount')) {
      require(nodesOf(group['members']).length === group['memberCount'], 'members are counted', group);
    }
    if (!has('membership')) return;
    const { markedUpTo, unreadCount } = group['membership'] as Thing;
    if (has('lastSeq')) require(number(group['lastSeq']) - number(markedUpTo) === unreadCount, 'what is unread', group);
    if (has('timeline')) {
      const unread = messages.filter(({ seq }) => number(seq) > number(markedUpTo));
      require(unread.length === unreadCount, 'what is unread is in the timeline', group);
    }
  }

  function checkMessage(message: Thing): void {
    const { explain, readCount, audienceCount, readers, group, seq } = message;
    if (isThing(explain)) {
      const { audience, read, notYet, leftBeforeReading } = explain;
      const sum = number(read) + number(notYet) + number(leftBeforeReading);
      require(audience === sum, 'the audience is explained', message);
      if (readCount !== undefined) require(read === readCount, 'who has read is explained', message);
      if (audienceCount !== undefined) require(audience === audienceCount, 'the audience is counted', message);
    }
    if (isThing(readers) && readCount !== undefined) {
      require(nodesOf(readers).length === readCount, 'readers are counted', message);
    }
    if (isThing(group) && group['lastSeq'] !== undefined && seq !== undefined) {
      require(number(group['lastSeq']) >= number(seq), 'no message is newer than the newest', message);
    }
  }

  function walk(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) walk(item);
    if (!isThing(value)) return;
    if (value['id'] !== undefined) tell(value);
    if (value['__typename'] === 'Group') checkGroup(value);
    if (value['__typename'] === 'Message') checkMessage(value);
    for (const below of Object.values(value)) walk(below);
  }

  walk(data);
  return problems[0];
}
