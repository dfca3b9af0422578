import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogUnavailable, type RecordedEvent } from '../../../src/ports/event-log.ts';
import { assertAsyncProperty } from '../../fakes/assert-property.ts';
import { createStage, type Hearing, type Stage, take } from './stage.ts';

describe('any order of appends, ways to hear of them, faults and slowness', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Hearing>('comes', 'announced', 'unheard') },
    { weight: 3, arbitrary: fc.constant('take' as const) },
    { weight: 1, arbitrary: fc.constantFrom('fault', 'turn', 'large') },
  );
  const plan = fc.array(fc.record({ step, count: fc.integer({ min: 1, max: 9 }) }), { minLength: 1, maxLength: 40 });

  /** Whether a follower is given the log whole, once and in order. `append` is what the control spoils. */
  async function givesAll(
    steps: readonly { readonly step: string; readonly count: number }[],
    append: (stage: Stage, count: number, hearing: Hearing, data?: string) => void,
  ): Promise<boolean> {
    const stage = createStage({ pageEvents: 5 });
    const [one, other] = [stage.follow(), stage.follow()];
    await take(other);
    const received: RecordedEvent[] = [];
    for (const { step: kind, count } of steps) {
      if (kind === 'fault') failOnce(stage);
      else if (kind === 'turn') await new Promise(setImmediate);
      else if (kind === 'large') append(stage, 1, 'comes', 'x'.repeat(9 * 1024 * 1024));
      else if (kind !== 'take') append(stage, count, kind as Hearing);
      else if ((received.at(-1)?.position ?? -1) < stage.feed.newest()) received.push(...(await take(one)).events);
    }
    stage.append(1, 'announced');
    while ((received.at(-1)?.position ?? -1) < stage.feed.newest()) received.push(...(await take(one)).events);
    return received.length === stage.all.length && received.every((event, index) => event === stage.all[index]);
  }

  test('give a follower everything, once and in order', async () => {
    await assertAsyncProperty(
      fc.asyncProperty(plan, async (steps) => {
        expect(await givesAll(steps, (stage, ...given) => stage.append(...given))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('the control: a gap that is passed off as none is seen', async () => {
    const lying = (stage: Stage, count: number, hearing: Hearing, data?: string) => {
      stage.append(count, 'unheard', data);
      if (hearing === 'comes') stage.feed.events(stage.all.slice(-count));
    };
    const steps = ['take', 'unheard', 'comes', 'take'].map((kind) => ({ step: kind, count: 2 }));
    expect(await givesAll(steps, lying)).toBe(false);
  });
});

function failOnce(stage: Stage): void {
  stage.beforeAnswer = () => {
    stage.beforeAnswer = () => undefined;
    throw new LogUnavailable('for a moment');
  };
}
