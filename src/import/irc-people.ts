import type { GroupEvent } from '../events/event.ts';

/** Who came by IRC. Their ids share a prefix, so that nobody else of the group is ever taken for one of them. */
const userIdPrefix = 'irc:';

/** What must happen in the group so that its members are the channel's people. */
export type PeopleChange =
  | { readonly type: 'add'; readonly userId: string; readonly name: string }
  | { readonly type: 'rename'; readonly userId: string; readonly name: string }
  | { readonly type: 'leave'; readonly userId: string };

/**
 * Who is in the channel, under which nick. A person's id is made of the first nick that they were seen under and stays
 * theirs through every rename; their name in the group is the nick that they hold now. So the group's own members, as
 * the log of events has them, say everything that an importer must know, and it can go on from there at any time.
 *
 * A nick is held by one person at a time, and a person present holds one nick. These logs do not tell of those who lose
 * their connection, so a nick that turns up in a second place settles what was not told:
 *
 * - one who takes a nick that somebody else still seems to hold shows that the other one has gone;
 * - a nick that nobody holds belongs to whose first nick it was, even if they seem to be there under another one.
 */
export interface IrcPeople {
  /** The present holder of a nick. */
  holder(nick: string): string | undefined;
  /** What must be changed for somebody to be there under this nick: nothing where they are already. */
  appear(nick: string): { readonly userId: string; readonly change: PeopleChange | undefined };
  leave(nick: string): PeopleChange | undefined;
  /** In the order in which they must be made: at most two, of which the last is the rename itself. */
  rename(from: string, to: string): readonly PeopleChange[];
  /** Takes note of a change that was handed on. */
  apply(change: PeopleChange): void;
  /** Takes note of what the group's stream holds already. */
  applyEvent(event: GroupEvent): void;
}

const keyOf = (nick: string): string => nick.toLowerCase();

export function createIrcPeople(): IrcPeople {
  const namesByUser = new Map<string, string>();
  const usersByNick = new Map<string, string>();

  function gone(userId: string): void {
    const name = namesByUser.get(userId);
    if (name === undefined) return;
    namesByUser.delete(userId);
    if (usersByNick.get(keyOf(name)) === userId) usersByNick.delete(keyOf(name));
  }

  function present(userId: string, name: string): void {
    if (!userId.startsWith(userIdPrefix)) return;
    gone(userId);
    namesByUser.set(userId, name);
    usersByNick.set(keyOf(name), userId);
  }

  const holder = (nick: string): string | undefined => usersByNick.get(keyOf(nick));
  const owner = (nick: string): string => holder(nick) ?? `${userIdPrefix}${keyOf(nick)}`;
  const show = (userId: string, name: string): PeopleChange => ({
    type: namesByUser.has(userId) ? 'rename' : 'add',
    userId,
    name,
  });

  return {
    holder,
    appear(nick) {
      const userId = owner(nick);
      return { userId, change: holder(nick) === undefined ? show(userId, nick) : undefined };
    },
    leave(nick) {
      const userId = holder(nick);
      return userId === undefined ? undefined : { type: 'leave', userId };
    },
    rename(from, to) {
      const userId = owner(from);
      const ghost = holder(to);
      const change = namesByUser.get(userId) === to ? [] : [show(userId, to)];
      return ghost === undefined || ghost === userId ? change : [{ type: 'leave', userId: ghost }, ...change];
    },
    apply(change) {
      if (change.type === 'leave') gone(change.userId);
      else present(change.userId, change.name);
    },
    applyEvent({ type, data }) {
      if (type === 'MembersAdded') for (const { userId, name } of data.members) present(userId, name);
      if (type === 'MemberRenamed' && namesByUser.has(data.userId)) present(data.userId, data.name);
      if (type === 'MemberLeft' || type === 'MemberRemoved') gone(data.userId);
    },
  };
}
