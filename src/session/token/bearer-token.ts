import { createHmac, timingSafeEqual } from 'node:crypto';

const PREFIX = 'lk_';

// A label of its own, so that a cookie's signature never verifies as a bearer token's or the other way round.
const mac = (sessionToken: string, secret: string) =>
  createHmac('sha256', secret).update(`latchkey bearer\0${sessionToken}`).digest('base64url');

/** Turns a session token into what a bearer client holds: `lk_<session token>.<base64url HMAC-SHA256>`. */
export function signBearerToken(sessionToken: string, secret: string): string {
  return `${PREFIX}${sessionToken}.${mac(sessionToken, secret)}`;
}

/**
 * Finds the session token in a bearer token.
 * @param secrets every secret that is honoured, the signing one first
 * @returns undefined when it is not one of ours. That it verifies does not prove that the session is live.
 */
export function verifyBearerToken(token: string, secrets: readonly string[]): string | undefined {
  const dot = token.lastIndexOf('.');
  if (!token.startsWith(PREFIX) || dot <= PREFIX.length) return undefined;
  const sessionToken = token.slice(PREFIX.length, dot);
  // As text: four last characters of base64url stand for the same bytes, and a session has one token, not four.
  const presented = Buffer.from(token.slice(dot + 1));
  for (const secret of secrets) {
    const expected = Buffer.from(mac(sessionToken, secret));
    if (presented.length === expected.length && timingSafeEqual(presented, expected)) return sessionToken;
  }
  return undefined;
}
