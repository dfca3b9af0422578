import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { momentQueries, type ReadMoment } from '../../src/ports/read-moment.ts';
import { assertAsyncProperty } from '../fakes/assert-property.ts';
import { doesNotAddUp } from './adds-up.ts';
import { send } from './conversation.ts';
import { beginConversation } from './conversation-that-goes-on.ts';
import { groupFields, messageFields } from './drawn-fields.ts';
import { patchedMoments } from './patched-moments.ts';
import { sending, startWithTwo } from './two-people.ts';

const { server, ada, ben, newGroup } = await startWithTwo();

const timelineOf = (groupId: string, below: string) => ({
  query: `subscription { timeline(groupId: "${groupId}", afterVersion: 1) { __typename version ... on MessageAdded { message { ${below} } } } }`,
});
interface Item {
  readonly timeline: { readonly version: number; readonly message: Record<string, unknown> | null };
}

/** Asks drawn documents of a conversation that goes on, and tells of the first answer that does not add up. */
async function firstThatDoesNotAddUp(
  documents: readonly (readonly [string, string])[],
  seed: number,
): Promise<string | undefined> {
  const groupId = await newGroup();
  let state = seed;
  // Numerical Recipes' generator: its only duty is to be the same for the same seed.
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  await send(ada, groupId, 'm0', 'before');
  await server.services.freshness.atLeast(await server.services.log.endPosition());
  const items = ben.connect().iterate<Item>(timelineOf(groupId, documents[0]?.[1] ?? 'seq'));
  let ofItems: string | undefined;
  const listening = (async () => {
    for await (const { data, errors } of items) {
      ofItems ??= errors === undefined ? doesNotAddUp(data) : `refused: ${JSON.stringify(errors)}`;
    }
  })();
  const stop = beginConversation(groupId, [ada, ben], random);
  try {
    for (const [index, [ofGroup, ofMessage]] of documents.entries()) {
      const asked = [
        ada.ask(
          `{ group(groupId: "${groupId}") { ${ofGroup} } message(groupId: "${groupId}", messageId: "m0") { ${ofMessage} } }`,
        ),
        ada.ask(sending(`${ofMessage} group { ${ofGroup} }`), {
          input: { groupId, messageId: `own-${index}`, text: 'own' },
        }),
      ];
      for (const { data, errors } of await Promise.all(asked)) {
        if (errors?.[0]?.message.startsWith('This costs')) continue;
        if (errors !== undefined) return `refused: ${JSON.stringify(errors)}`;
        const problem = doesNotAddUp(data);
        if (problem !== undefined) return problem;
      }
    }
    return ofItems;
  } finally {
    await stop();
    await items.return?.();
    await listening;
  }
}

const drawn = fc.tuple(
  fc.array(fc.tuple(groupFields(2), messageFields(1)), { minLength: 6, maxLength: 6 }),
  fc.integer({ min: 1, max: 2 ** 31 }),
);

describe('whatever is asked while people go on', () => {
  it('every answer adds up', { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(drawn, async ([documents, seed]) => {
      expect(await firstThatDoesNotAddUp(documents, seed)).toBeUndefined();
    });
    await assertAsyncProperty(property, { numRuns: 4, endOnFailure: true });
  });

  it('the control: where each read is of its own moment, some do not', { timeout: 60_000 }, async () => {
    const { readModels } = server.services;
    const newest = (moment: ReadMoment) => {
      const queries = momentQueries.map((name) => {
        const query = readModels[name as keyof typeof readModels] ?? moment[name];
        return [
          name,
          async (...asked: readonly unknown[]) => {
            await new Promise((resolve) => setTimeout(resolve, 2));
            return (query as (...all: readonly unknown[]) => Promise<unknown>)(...asked);
          },
        ];
      });
      return Object.fromEntries(queries) as Partial<ReadMoment>;
    };
    const all =
      'lastSeq memberCount membership { markedUpTo unreadCount } timeline(first: 60) { edges { node { __typename id readCount readers(first: 4) { edges { node { readAt } } } } } }';
    const documents = Array.from({ length: 40 }, () => [`__typename id ${all}`, '__typename id seq'] as const);
    const problem = await patchedMoments(server, newest, () => firstThatDoesNotAddUp(documents, 1));
    expect(problem).toMatch(/is unread|timeline|counted|explained| is .* and /);
  });
});
