import type { RequestHandler } from 'express';
import { ProblemException } from '../problem/index.js';
import { isRepeated } from '../session/index.js';

// Browsers send twenty, proxies add some; sixteen kilobytes have room for thousands.
const MAX_HEADERS = 100;

/**
 * Refuses requests with more headers than any client sends, and those that do not say for which host they are, or say it
 * twice: a proxy may have taken the other one.
 *
 * @see RFC 9112, section 3.2
 */
export const strictHeaders: RequestHandler = (req, _res, next) => {
  if (req.rawHeaders.length > 2 * MAX_HEADERS) {
    next(new ProblemException('HEADERS_TOO_LARGE'));
    return;
  }
  const missing = req.headers.host === undefined && req.httpVersion !== '1.0';
  next(missing || isRepeated(req, 'host') ? new ProblemException('BAD_REQUEST') : undefined);
};
