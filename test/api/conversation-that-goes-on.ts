import { expect } from 'vitest';
import type { Person } from './running-server.ts';

/** What people do in a group, as long as it is not stopped. */
export function beginConversation(
  groupId: string,
  people: readonly [Person, Person],
  random: () => number,
): () => Promise<void> {
  const [ada] = people;
  let isOver = false;
  let sent = 0;
  const one = <Choice>(choices: readonly Choice[]): Choice =>
    choices[Math.floor(random() * choices.length)] ?? expect.fail();
  const input = (more: object) => ({ input: { groupId, ...more } });
  async function act(): Promise<void> {
    const person = one(people);
    const messageId = `m${Math.max(1, Math.ceil(random() * sent))}`;
    const what = random();
    if (sent < 2 || (what < 0.3 && sent < 40)) {
      sent += 1;
      await person.ask(
        'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { position } }',
        input({ messageId: `m${sent}`, text: `text ${sent}`, replyTo: 'm0' }),
      );
    } else if (what < 0.7)
      await person.ask('mutation ($input: MarkReadUpToInput!) { markReadUpTo(input: $input) { position } }', {
        input: { marks: [{ groupId, upTo: Math.ceil(random() * sent) }] },
      });
    else if (what < 0.8) {
      await person.ask(
        'mutation ($input: ReactionInput!) { addReaction(input: $input) { position } }',
        input({ messageId, emoji: '👍' }),
      );
    } else if (what < 0.85) {
      await person.ask(
        'mutation ($input: EditMessageInput!) { editMessage(input: $input) { position } }',
        input({ messageId, text: `edited ${what}` }),
      );
    } else if (what < 0.92) {
      await ada.ask(
        'mutation ($input: AddMembersInput!) { addMembers(input: $input) { position } }',
        input({ members: [{ userId: 'cyd' }] }),
      );
      await ada.ask(
        'mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { position } }',
        input({ userId: 'cyd' }),
      );
    } else
      await ada.ask(
        'mutation ($input: RenameMemberInput!) { renameMember(input: $input) { position } }',
        input({ userId: 'ben', name: `Ben ${what}` }),
      );
  }
  const talking = Array.from({ length: 3 }, async () => {
    while (!isOver) await act();
  });
  return async () => {
    isOver = true;
    await Promise.all(talking);
  };
}
