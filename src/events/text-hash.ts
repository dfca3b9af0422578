import { hash } from 'node:crypto';

const hashBytes = 16;

/**
 * Tells whether two texts are the same where the text itself need not be kept: 128 bits of SHA-256, so that nobody can
 * make two texts that pass for one another.
 */
export const hashText = (text: string): string => hash('sha256', text, 'buffer').toString('base64url', 0, hashBytes);

/**
 * Tells whether two messages that were sent say the same: text, what they reply to, and whom they mention, in any order.
 * `textHash` is `hashText` of the text.
 */
export const hashSent = (sent: {
  readonly textHash: string;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
}): string => hashText(JSON.stringify([sent.textHash, sent.replyTo, [...new Set(sent.mentions)].sort()]));

/** Tells whether a group was created so: by whom, and under which name. Ids hold no white space. */
export const hashCreation = (creatorId: string, name: string): string => hashText(`${creatorId} ${name}`);
