import type { IncomingMessage } from 'node:http';
import { cookiesNamed } from '../token/cookie-header.js';

// RFC 6750: the scheme's name is case-insensitive, the token follows after one or more spaces.
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;
const BEARER_SCHEME = /^bearer(?: |$)/i;

/** What a client sent to say which session it is in. Nothing in it is verified. */
export interface PresentedCredentials {
  /** A bearer credential; `token` is undefined when it is not even one token. */
  bearer: { token: string | undefined } | undefined;
  /** What the session cookie holds, as it was sent; undefined when it is not there. */
  cookie: string | undefined;
  /**
   * Whether there are several: a token beside a cookie, two different session cookies, two Authorization headers. A proxy
   * may have looked at another one than would count here, and whoever put a second cookie there wants it to be used.
   */
  ambiguous: boolean;
}

const KEY = Symbol('latchkey.credentials');

interface ReadCredentials {
  cookieName: string;
  /** The headers that they were read from. */
  authorization: string | undefined;
  cookies: string | undefined;
  presented: PresentedCredentials;
}

type Carrier = IncomingMessage & { [KEY]?: ReadCredentials };

/**
 * Reads the Authorization and Cookie headers, once per request. Only the Bearer scheme counts; nothing is read from the URL.
 */
export function presentedCredentials(req: IncomingMessage, cookieName: string): PresentedCredentials {
  const { authorization, cookie: cookies } = req.headers;
  const known = (req as Carrier)[KEY];
  if (known?.cookieName === cookieName && known.authorization === authorization && known.cookies === cookies)
    return known.presented;
  const presented = readCredentials(req, cookieName);
  (req as Carrier)[KEY] = { cookieName, authorization, cookies, presented };
  return presented;
}

function readCredentials(req: IncomingMessage, cookieName: string): PresentedCredentials {
  const { authorization, cookie: header } = req.headers;
  const bearer =
    authorization !== undefined && BEARER_SCHEME.test(authorization)
      ? { token: BEARER.exec(authorization)?.[1] }
      : undefined;
  const [cookie, ...others] = cookiesNamed(header, cookieName);
  const ambiguous =
    (cookie !== undefined && (bearer !== undefined || others.some((other) => other !== cookie))) ||
    (authorization !== undefined && isRepeated(req, 'authorization'));
  return { bearer, cookie, ambiguous };
}

/** Whether a Cookie header has a cookie of this name. */
export function hasCookie(header: string | undefined, name: string): boolean {
  return cookiesNamed(header, name).length > 0;
}

/**
 * Whether a request has a header of this name more than once. Of headers that there may be only one of, Node keeps the
 * first and does not say that there were others.
 * @param name in lower case
 */
export function isRepeated({ rawHeaders }: IncomingMessage, name: string): boolean {
  let seen = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === name.length && rawHeaders[i]?.toLowerCase() === name) seen += 1;
  }
  return seen > 1;
}
