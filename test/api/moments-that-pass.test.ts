import { describe, expect, it } from 'vitest';
import { MomentPassed, type ReadMoment } from '../../src/ports/read-moment.ts';
import { send } from './conversation.ts';
import { patchedMoments } from './patched-moments.ts';
import { sending, startWithTwo } from './two-people.ts';

const { server, ada, newGroup } = await startWithTwo();

describe('a moment that passes before its answer is complete', () => {
  const passing = (times: number) => {
    let passed = 0;
    return (moment: ReadMoment): Partial<ReadMoment> => ({
      timelinePage: async (...asked) => {
        passed += 1;
        if (passed <= times) throw new MomentPassed('by order of the test');
        return moment.timelinePage(...asked);
      },
    });
  };
  const document = (groupId: string) =>
    `{ group(groupId: "${groupId}") { timeline(last: 9) { edges { node { text } } } } }`;

  it('is begun again, and nobody notices', async () => {
    const groupId = await newGroup();
    await send(ada, groupId, 'one', 'one');
    await server.services.freshness.atLeast(await server.services.log.endPosition());
    const { errors } = await patchedMoments(server, passing(3), () => ada.ask(document(groupId)));
    expect(errors).toBeUndefined();
  });

  it('is told to be tried again where it passes for ever, with the commands given once', async () => {
    const groupId = await newGroup();
    const below = 'group { timeline(last: 9) { edges { node { text } } } }';
    const input = { groupId, messageId: 'one', text: 'one' };
    const asking = () => ada.ask(sending(below), { input });
    const { data, errors } = await patchedMoments(server, passing(Number.POSITIVE_INFINITY), asking);
    expect(errors).toMatchObject([{ extensions: { code: 'BEHIND', reason: 'MOMENT_PASSED' } }]);
    expect(data?.['sendMessage']).toMatchObject({ position: expect.any(String) });
    expect((await server.services.commands.group(groupId)).version).toBe(2);
  });

  it('leaves no moment open, whatever becomes of the answers', async () => {
    const groupId = await newGroup();
    let open = 0;
    const counted = (moment: ReadMoment): Partial<ReadMoment> => {
      open += 1;
      return {
        ...passing(2)(moment),
        async close() {
          open -= 1;
          await moment.close();
        },
      };
    };
    const documents = [document(groupId), '{ group(groupId: "none") { name } }', '{ inbox { edges { cursor } } }'];
    await patchedMoments(server, counted, () => Promise.all(documents.map((one) => ada.ask(one))));
    expect(open).toBe(0);
  });
});
