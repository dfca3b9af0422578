import { z } from 'zod';
import { defineEvent, type EventOf } from './define-event.ts';
import { groupIdSchema, maximumCount, nameSchema } from './values.ts';

export const fileImported = defineEvent(
  'FileImported',
  z.object({
    groupId: groupIdSchema,
    file: nameSchema,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    lines: z.int().min(0).max(maximumCount),
  }),
);
/** Every line of a file has been imported into a group, or reported and skipped: the file need not be read again. */
export type FileImported = EventOf<typeof fileImported>;
