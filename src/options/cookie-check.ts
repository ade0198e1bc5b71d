import { isFilled, unknownOptions } from './option-checks.js';

const COOKIE: Readonly<Record<string, true>> = { name: true, secure: true, sameSite: true };
const ALWAYS = 'the session cookie is always HttpOnly, with Path=/ and without Domain.';
const COOKIE_HINTS = {
  maxAge: 'lifetimes says how long sessions live.',
  expires: 'lifetimes says how long sessions live.',
  domain: ALWAYS,
  path: ALWAYS,
  httpOnly: ALWAYS,
};
// RFC 6265, section 4.1.1: a token of HTTP.
const COOKIE_NAME = /^[\w!#$%&'*+\-.^`|~]+$/;

/** Names and types of what is there, for SessionModule and AuthModule. */
export function cookieProblems(cookie: Record<string, unknown>): string[] {
  const { name, secure, sameSite } = cookie;
  return [
    ...unknownOptions(cookie, COOKIE, { path: 'cookie.', hints: COOKIE_HINTS }),
    'name' in cookie &&
      !(isFilled(name) && COOKIE_NAME.test(name)) &&
      'cookie.name: must be a text of letters, digits, - and _.',
    'secure' in cookie && typeof secure !== 'boolean' && 'cookie.secure: must be true or false.',
    'sameSite' in cookie &&
      !['lax', 'strict', 'none'].includes(sameSite as string) &&
      "cookie.sameSite: must be 'lax', 'strict' or 'none'.",
  ].filter((problem) => problem !== false);
}
