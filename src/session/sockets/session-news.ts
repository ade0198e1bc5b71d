import type { EndCause } from '../session.types.js';

/**
 * What a script tells of a user's sessions: that one was `created`, that the `principal` changed, that one ends
 * sooner (`shortened`), or why some have ended.
 * A hint and no more: it may come late, twice, or from somebody who has no business to send it.
 */
export interface SessionNews {
  tag: string;
  what: 'created' | 'principal' | 'shortened' | EndCause;
  /** Of the sessions that it happened to; empty: of all of them. */
  digests: readonly string[];
}

const KNOWN: Record<SessionNews['what'], true> = {
  created: true,
  principal: true,
  shortened: true,
  logout: true,
  'revoked-by-owner': true,
  'revoked-by-admin': true,
  'password-changed': true,
  'failed-reauthentication': true,
  disabled: true,
  evicted: true,
  everyone: true,
  expired: true,
  moved: true,
  unknown: true,
};

/** Reads a message of the channel. What another version says in other words has ended something, and nobody knows why. */
export function parseNews(message: string): SessionNews {
  const [tag = '', what = '', ...digests] = message.split(' ');
  return { tag, what: Object.hasOwn(KNOWN, what) ? (what as SessionNews['what']) : 'unknown', digests };
}
