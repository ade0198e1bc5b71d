import type { IncomingMessage, ServerResponse } from 'node:http';

import type { ProblemException } from './problem.exception.js';

/** A request as the logging middleware leaves it; a host without one has no `id`. */
export type IdentifiedRequest = IncomingMessage & { id?: unknown };

// What a handler may have announced about a body that is not sent now.
const STALE_HEADERS = [
  'Content-Length',
  'Content-Encoding',
  'Content-Disposition',
  'ETag',
  'Last-Modified',
  'Clear-Site-Data',
];

/**
 * Writes `problem` as the answer to `req` and ends it: `application/problem+json` with the request id,
 * `WWW-Authenticate` on 401, never cached. A 401 or 503 never carries `Set-Cookie`: it must not log anybody out.
 *
 * When headers are already on the wire the connection is cut instead: a client must not take half an answer for a
 * whole one.
 */
export function sendProblem(req: IdentifiedRequest, res: ServerResponse, problem: ProblemException): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { body } = problem;
  for (const name of STALE_HEADERS) res.removeHeader(name);
  if (body.status === 401 || body.status === 503) res.removeHeader('Set-Cookie');
  if (body.status === 401) res.setHeader('WWW-Authenticate', bearerChallenge(req, problem));
  for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
  res.statusCode = body.status;
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Cache-Control', 'no-store');
  const text = JSON.stringify({ ...body, requestId: requestIdOf(req) });
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** The id that a logging middleware has given the request; undefined without one. */
export function requestIdOf({ id }: IdentifiedRequest): string | undefined {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/**
 * RFC 6750, section 3: a request without a token is told the scheme and nothing else. A wrong password sent along
 * with a good token is no complaint about the token.
 */
function bearerChallenge(req: IncomingMessage, problem: ProblemException): string {
  const tokenSent = /^bearer(\s|$)/i.test(req.headers.authorization ?? '');
  const tokenRefused = problem.errorCode === 'UNAUTHENTICATED' || problem.errorCode === 'SESSION_ENDED';
  return tokenSent && tokenRefused ? 'Bearer error="invalid_token"' : 'Bearer';
}
