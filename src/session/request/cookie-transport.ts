import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { Logger } from '@nestjs/common';
import { InsecureTransportError } from '../session.errors.js';
import { requestStateOf } from './request-state.js';

const LOG_INTERVAL_MS = 60_000;

const logger = new Logger('SessionModule');
let saidMs = -Infinity;

/**
 * To be called before a session is made whose cookie the answer must set. A Secure cookie is left out, without a word,
 * when the request does not look like https: the login would be a 200, and the browser not logged in.
 * @throws InsecureTransportError
 */
export function demandCookieTransport(req: IncomingMessage): void {
  if (!requestStateOf(req)?.cookieIsSecure || isSecure(req)) return;
  const error = new InsecureTransportError();
  const now = performance.now();
  // Every login fails now; once a minute is enough to say why.
  if (now - saidMs >= LOG_INTERVAL_MS) {
    saidMs = now;
    logger.error(error.message);
  }
  throw error;
}

/** As Express sees it, which asks `trust proxy` whether X-Forwarded-Proto is to be believed. */
export const isSecure = (req: IncomingMessage & { secure?: boolean }): boolean =>
  (req.socket as Partial<TLSSocket>).encrypted === true || req.secure === true;
