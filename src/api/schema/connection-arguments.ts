import { builder } from './builder.ts';
import { maximumPageSize } from './field-cost.ts';

const afterDescription = 'A cursor of this list: the page begins after it.';
const firstDescription = `How many at most, from 1 to ${maximumPageSize}, counted from the beginning.`;

/** Of a list that is read from its beginning on. */
export const forwardArguments = (byDefault: number) =>
  builder.args((t) => ({
    first: t.int({ defaultValue: byDefault, description: firstDescription }),
    after: t.string({ description: afterDescription }),
  }));

/** Of a list that is read from either end. */
export const bothWays = () =>
  builder.args((t) => ({
    first: t.int({ description: firstDescription }),
    after: t.string({ description: afterDescription }),
    last: t.int({ description: `How many at most, from 1 to ${maximumPageSize}, counted from the end.` }),
    before: t.string({ description: 'A cursor of this list: the page ends before it.' }),
  }));

/** Of what may be asked for as it is after a change. */
export const atLeastArgument = () =>
  builder.args((t) => ({
    atLeast: t.field({
      type: 'Position',
      description:
        'What a mutation answered: the answer shows everything up to there, or is BEHIND after some seconds.',
    }),
  }));
