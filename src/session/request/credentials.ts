import type { IncomingMessage } from 'node:http';

// RFC 6750: the scheme's name is case-insensitive, the token follows after one or more spaces.
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;
const BEARER_SCHEME = /^bearer(?: |$)/i;

/** What a client sent to say which session it is in. Nothing in it is verified. */
export interface PresentedCredentials {
  /** A bearer credential; `token` is undefined when it is not even one token. */
  bearer: { token: string | undefined } | undefined;
  /** Whether the session cookie is there, whatever it holds. */
  cookie: boolean;
}

/** Reads the Authorization and Cookie headers. Only the Bearer scheme counts; nothing is read from the URL. */
export function presentedCredentials(req: IncomingMessage, cookieName: string): PresentedCredentials {
  const { authorization } = req.headers;
  return {
    bearer:
      authorization !== undefined && BEARER_SCHEME.test(authorization)
        ? { token: BEARER.exec(authorization)?.[1] }
        : undefined,
    cookie: hasCookie(req.headers.cookie, cookieName),
  };
}

/** Whether a Cookie header has a cookie of this name. */
export function hasCookie(header: string | undefined, name: string): boolean {
  if (header === undefined || !header.includes(name)) return false;
  return header.split(';').some((pair) => pair.slice(0, Math.max(0, pair.indexOf('='))).trim() === name);
}
