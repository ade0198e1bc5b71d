import { hash, randomBytes } from 'node:crypto';

export const RANDOM_BYTES = 24;
export const TAG_LENGTH = 16;
const USER_SID = /^([A-Za-z0-9_-]{16})\.[A-Za-z0-9_-]{32}$/;

/** Where a session lies in Redis. Both parts are safe to log; the session token itself is not in it. */
export interface SessionAddress {
  /** The hash tag: the user's, or one of the digest's own for an anonymous session. */
  tag: string;
  /** base64url SHA-256 of the session token, 43 characters: all that Redis ever sees of it (guarantee G6). */
  digest: string;
  /** Whether the token carries a user's tag. */
  ofUser: boolean;
}

/**
 * Makes a session token: 192 bits from the CSPRNG, base64url, behind the user's tag when there is a user.
 * @see OWASP ASVS 5.0 7.2.3 (at least 128 bits)
 */
export function newSessionToken(tag?: string): string {
  const random = randomBytes(RANDOM_BYTES).toString('base64url');
  return tag === undefined ? random : `${tag}.${random}`;
}

/** Finds where a session token's record lies. Any string has an address; whether something lies there is Redis's to say. */
export function addressOf(token: string): SessionAddress {
  const digest = hash('sha256', token, 'base64url');
  const tag = USER_SID.exec(token)?.[1];
  if (tag !== undefined) return { tag, digest, ofUser: true };
  // One character shorter than a user's tag, so that the two can never be the same hash tag.
  return { tag: digest.slice(0, TAG_LENGTH - 1), digest, ofUser: false };
}
