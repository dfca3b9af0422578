import { z } from 'zod';
import { defineEvent } from '../../src/events/define-event.ts';

const questionSchema = z.string().min(1).max(500);

/** As the first release wrote it. */
export const pollOpenedInVersion1 = defineEvent(
  'PollOpened',
  z.object({ question: questionSchema, yesNo: z.boolean() }),
);

/** As it is now: what may be answered is listed. What the old shape implied is all that an upcaster may add. */
export const pollOpened = defineEvent(
  'PollOpened',
  z.object({ question: questionSchema, answers: z.array(z.string()).max(20) }),
  [
    ({ yesNo, ...data }: { readonly question: string; readonly yesNo: boolean }) => ({
      ...data,
      answers: yesNo ? ['yes', 'no'] : [],
    }),
  ],
);
