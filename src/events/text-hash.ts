import { hash } from 'node:crypto';

const hashBytes = 16;

/**
 * Tells whether two texts are the same where the text itself need not be kept: 128 bits of SHA-256, so that nobody can
 * make two texts that pass for one another.
 */
export const hashText = (text: string): string => hash('sha256', text, 'buffer').toString('base64url', 0, hashBytes);
