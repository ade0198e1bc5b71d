import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { SessionCookieOptions } from '../../session/index.js';
import { DEVICE_LIFETIME_MS } from './device-token.js';

/** What both sides of the cookie depend on: whether browsers reach the application by https. */
type CookieOptions = Pick<SessionCookieOptions, 'secure' | 'sameSite'>;

// Browsers take the prefix only with Secure, Path=/ and no Domain (RFC 6265bis, section 4.1.3.2).
const nameOf = ({ secure }: CookieOptions) => (secure ? '__Host-did' : 'did');

/** The device token that a browser keeps, unverified. */
export function presentedDeviceToken(req: IncomingMessage, options: CookieOptions): string | undefined {
  const start = `${nameOf(options)}=`;
  for (const pair of req.headers.cookie?.split(';') ?? []) {
    const cookie = pair.trimStart();
    if (cookie.startsWith(start)) return cookie.slice(start.length).trimEnd();
  }
  return undefined;
}

/** Has a browser keep a device token. It outlives the session and its logout: the device stays a known one. */
export function keepDeviceToken(res: Response, token: string, { secure, sameSite }: CookieOptions): void {
  const attributes = { path: '/', httpOnly: true, secure, sameSite, maxAge: DEVICE_LIFETIME_MS };
  res.cookie(nameOf({ secure, sameSite }), token, attributes);
}
