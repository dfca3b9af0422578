import { schema } from '../../src/api/schema/schema.ts';
import type { Tokens } from '../../src/rights/tokens.ts';
import { type Case, mutationTable, type Outcome, type Role, roles } from './mutation-table.ts';
import { inputTypeOf } from './scene.ts';
import { post } from './walk.ts';

const groupsAtOnce = 8;

/** Gives every order of the table as everybody, each in a group of its own. Problems, and how many orders there were. */
export async function checkMutations(
  url: string,
  tokens: Tokens,
  tag: string,
): Promise<{ readonly asked: number; readonly problems: readonly string[] }> {
  const cells = mutationTable.flatMap((one, index) =>
    roles.map((role) => ({ one, role, groupId: `cell-${tag}-${index}-${role}` })),
  );
  const untold = Object.keys(schema.getMutationType()?.getFields() ?? {}).filter(
    (name) => !mutationTable.some(({ mutation }) => mutation === name),
  );
  const problems = untold.map((name) => `the table does not say who may ${name}`);
  const pending = [...cells];
  const worker = async () => {
    for (let cell = pending.shift(); cell !== undefined; cell = pending.shift()) {
      const outcome = await order(url, tokens, cell);
      const expected = cell.one.outcomes[cell.role];
      const { mutation, what } = cell.one;
      if (outcome !== expected)
        problems.push(`${mutation} ${what} as ${cell.role}: ${outcome}, where ${expected} is right`);
    }
  };
  await Promise.all(Array.from({ length: groupsAtOnce }, worker));
  return { asked: cells.length, problems };
}

async function order(
  url: string,
  tokens: Tokens,
  { one, role, groupId }: { readonly one: Case; readonly role: Role; readonly groupId: string },
): Promise<Outcome | string> {
  const userId = (who: Role | 'other' | 'self') => (who === 'self' ? role : who);
  const act = async (actor: Role | 'other', mutation: string, input: object): Promise<Outcome | string> => {
    const query = `mutation ($input: ${inputTypeOf(mutation)}!) { ${mutation}(input: $input) { position } }`;
    const authorization = actor === 'nobody' ? undefined : `Bearer ${await tokens.issue({ userId: actor }, 600)}`;
    const answer = JSON.parse(await post(url, authorization, JSON.stringify({ query, variables: { input } }))) as {
      readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
    };
    return answer.errors?.[0]?.extensions.code ?? 'done';
  };
  const members = [{ userId: 'admin', role: 'ADMIN' }, { userId: 'member' }, { userId: 'other' }, { userId: 'former' }];
  await act('owner', 'createGroup', { groupId, name: groupId, members });
  await act('other', 'sendMessage', { groupId, messageId: 'theirs', text: 'Theirs' });
  if (one.what === 'of one’s own') await act(role, 'sendMessage', { groupId, messageId: `own-${role}`, text: 'Own' });
  await act('owner', 'removeMember', { groupId, userId: 'former' });
  return act(role, one.mutation, one.input(groupId, userId));
}
