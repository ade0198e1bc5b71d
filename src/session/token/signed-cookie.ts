import { createHmac, timingSafeEqual } from 'node:crypto';
import { cookiesNamed } from './cookie-header.js';

/** The value of a session cookie as express-session makes it, not encoded yet: `s:<token>.<base64 HMAC-SHA256>`. */
export function signedValue(token: string, secret: string): string {
  return `s:${token}.${mac(token, secret)}`;
}

/** The same as it stands in a Cookie header. */
export function signCookie(token: string, secret: string): string {
  return `s:${encodeURIComponent(signedValue(token, secret).slice(2))}`;
}

/**
 * Finds the session token in a signed cookie, as express-session reads it: the first cookie of that name, URL-decoded,
 * `s:<token>.<base64 HMAC-SHA256>`.
 * @param header the Cookie header
 * @param secrets every secret that is honoured
 * @returns undefined when there is none or the signature is not one of theirs
 */
export function tokenInCookie(
  header: string | undefined,
  name: string,
  secrets: readonly string[],
): string | undefined {
  const [sent] = cookiesNamed(header, name);
  return sent === undefined ? undefined : verifyCookie(sent, secrets);
}

/** The same of the cookie's value alone, as it was sent. */
export function verifyCookie(sent: string, secrets: readonly string[]): string | undefined {
  const value = decoded(sent);
  const dot = value.lastIndexOf('.');
  if (!value.startsWith('s:') || dot < 0) return undefined;
  const token = value.slice(2, dot);
  const presented = Buffer.from(value.slice(dot + 1));
  for (const secret of secrets) {
    const expected = Buffer.from(mac(token, secret));
    if (presented.length === expected.length && timingSafeEqual(presented, expected)) return token;
  }
  return undefined;
}

function mac(token: string, secret: string): string {
  return createHmac('sha256', secret).update(token).digest('base64').replace(/=+$/, '');
}

function decoded(sent: string): string {
  const value = sent.replace(/^"(.*)"$/, '$1');
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
