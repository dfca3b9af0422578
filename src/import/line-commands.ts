import type { GroupCommand } from '../commands/group.ts';
import { deriveId } from '../events/event-id.ts';
import { lineId, preparationId } from './imported-so-far.ts';
import type { IrcFile, ParsedIrcFile } from './irc-file.ts';
import { type IrcLine, isIrcNick, type SpokenLine, splitActor, withoutFormatting } from './irc-line.ts';
import { findMentions } from './irc-mentions.ts';
import type { IrcPeople, PeopleChange } from './irc-people.ts';

/** What one line comes to. */
export type LineOutcome =
  | { readonly kind: 'commands'; readonly commands: readonly GroupCommand[] }
  | { readonly kind: 'notice' }
  | { readonly kind: 'problem'; readonly reason: string };

export interface LineContext {
  readonly file: IrcFile;
  readonly parsed: ParsedIrcFile;
  readonly people: IrcPeople;
  /** Whoever imports: an owner or admin of the group, who adds people and removes those who were kicked. */
  readonly actorId: string;
}

/** The numbered line of a file, from 1 on, with its moment in ISO 8601. */
export interface NumberedLine {
  readonly number: number;
  readonly line: IrcLine;
  readonly at: string;
}

const nothing: LineOutcome = { kind: 'commands', commands: [] };

/**
 * Turns a line into commands and lets `people` know of what they change. Everything but messages is decided against the
 * people who are there, so a join of one who is there or a leave of one who is not comes to nothing.
 */
export function lineCommands(context: LineContext, numbered: NumberedLine): LineOutcome {
  const { people, parsed } = context;
  const { line } = numbered;
  const isKnown = (nick: string) => parsed.nicks.has(nick.toLowerCase()) || people.holder(nick) !== undefined;
  switch (line.kind) {
    case 'message':
    case 'action':
    case 'remark':
      return spoken(context, numbered, line, isKnown);
    case 'repeated':
      return line.of === undefined
        ? { kind: 'problem', reason: 'nothing was said before that could be repeated' }
        : repeated(context, numbered, line.of, line.times, isKnown);
    case 'join': {
      const { change } = people.appear(line.nick);
      return change === undefined ? nothing : changes(context, numbered, [change]);
    }
    case 'leave': {
      const change = people.leave(line.nick);
      return change === undefined ? nothing : changes(context, numbered, [change]);
    }
    case 'kick': {
      const kicked = people.leave(line.nick);
      if (kicked === undefined) return nothing;
      people.apply(kicked);
      const { actorId } = context;
      const { userId } = kicked;
      return {
        kind: 'commands',
        commands: [{ ...lastEnvelope(context, numbered), type: 'RemoveMember', actorId, userId }],
      };
    }
    case 'rename':
      return changes(context, numbered, people.rename(line.from, line.to));
    case 'notice':
      return { kind: 'notice' };
    case 'unreadable':
      return { kind: 'problem', reason: line.reason };
    default:
      return line satisfies never;
  }
}

type Spoken = SpokenLine | Extract<IrcLine, { readonly kind: 'remark' }>;

function spoken(
  context: LineContext,
  numbered: NumberedLine,
  line: Spoken,
  isKnown: (nick: string) => boolean,
): LineOutcome {
  if (line.kind === 'message') {
    if (line.text.startsWith(actionRequest)) {
      const text = withoutFormatting(line.text.slice(actionRequest.length).replace(request, ''));
      return message(context, numbered, line.nick, text, `* ${line.nick} ${text}`);
    }
    // What clients ask each other, such as for a version, is nothing that anybody said.
    if (line.text.startsWith(request)) return { kind: 'notice' };
    const text = withoutFormatting(line.text);
    return message(context, numbered, line.nick, text, text);
  }
  const text = withoutFormatting(line.text);
  // Who only ever acts is known by nothing else: what may be a nick is taken for one, rather than lose what they did.
  const isByAnybody = line.kind === 'action' || line.isByAnybody === true;
  const actor = splitActor(text, isKnown) ?? (isByAnybody ? splitActor(text, isIrcNick) : undefined);
  if (actor === undefined) return line.kind === 'remark' ? { kind: 'notice' } : { kind: 'problem', reason: 'no nick' };
  // As it reads in every client: the nick is part of the sentence, and the star says that nobody said it.
  return message(context, numbered, actor.nick, actor.text, `* ${actor.nick} ${actor.text}`);
}

/** Some programs write what one client asks of others as it came, and actions among them. */
const request = '\u0001';
const actionRequest = `${request}ACTION `;

/** So many messages of one line. Only the last is the line's own: it is done once that one is in the log. */
function repeated(
  context: LineContext,
  numbered: NumberedLine,
  line: SpokenLine,
  times: number,
  isKnown: (nick: string) => boolean,
): LineOutcome {
  const outcome = spoken(context, numbered, line, isKnown);
  if (outcome.kind !== 'commands') return outcome;
  const last = outcome.commands.at(-1);
  if (last?.type !== 'SendMessage') return outcome;
  const before = outcome.commands.slice(0, -1);
  const again = Array.from({ length: times - 1 }, (_, index) => {
    const part = `again:${index + 1}`;
    const messageId = deriveId('irc', context.file.sha256, String(numbered.number), part);
    return { ...last, commandId: `${last.commandId}:${part}`, messageId };
  });
  return { kind: 'commands', commands: [...before, ...again, last] };
}

function message(context: LineContext, numbered: NumberedLine, nick: string, said: string, text: string): LineOutcome {
  if (said.trim() === '') return { kind: 'problem', reason: `${nick} says nothing` };
  const { people, file } = context;
  const { userId, change } = people.appear(nick);
  const preparation = change === undefined ? [] : [peopleCommand(context, numbered, change, true)];
  if (change !== undefined) people.apply(change);
  const command: GroupCommand = {
    ...lastEnvelope(context, numbered),
    type: 'SendMessage',
    actorId: userId,
    messageId: deriveId('irc', file.sha256, String(numbered.number)),
    text,
    mentions: findMentions(said, userId, people.holder),
  };
  return { kind: 'commands', commands: [...preparation, command] };
}

function changes(context: LineContext, numbered: NumberedLine, all: readonly PeopleChange[]): LineOutcome {
  const commands = all.map((change, index) => {
    context.people.apply(change);
    return peopleCommand(context, numbered, change, index < all.length - 1);
  });
  return { kind: 'commands', commands };
}

/** People leave and change their names by themselves; the importer adds them. */
function peopleCommand(
  context: LineContext,
  numbered: NumberedLine,
  change: PeopleChange,
  prepares: boolean,
): GroupCommand {
  const correlated = lastEnvelope(context, numbered);
  const envelope = prepares ? { ...correlated, commandId: preparationId(context.file, numbered.number) } : correlated;
  const { userId } = change;
  switch (change.type) {
    case 'add':
      return { ...envelope, type: 'AddMembers', actorId: context.actorId, members: [{ userId, name: change.name }] };
    case 'rename':
      return { ...envelope, type: 'RenameMember', actorId: userId, userId, name: change.name };
    case 'leave':
      return { ...envelope, type: 'LeaveGroup', actorId: userId };
    default:
      return change satisfies never;
  }
}

function lastEnvelope({ file }: LineContext, { number, at }: NumberedLine) {
  const id = lineId(file, number);
  return { commandId: id, correlationId: id, at, isRetold: true as const };
}
