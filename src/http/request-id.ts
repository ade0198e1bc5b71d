import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

// What may be written into a log and a header unchanged: no blanks, no line breaks, no quotes, not long.
const SAFE_ID = /^[A-Za-z0-9._-]{8,64}$/;

/**
 * The id under which a request is found in the log: the `X-Request-Id` of a proxy when it is harmless, else random.
 * It is answered in the same header. It identifies, and proves nothing.
 */
export function requestId(req: IncomingMessage, res: ServerResponse): string {
  const id = requestIdOf(req);
  res.setHeader('X-Request-Id', id);
  return id;
}

/** The same without the answer's header. */
export function requestIdOf(req: IncomingMessage): string {
  const sent = req.headers['x-request-id'];
  return typeof sent === 'string' && SAFE_ID.test(sent) ? sent : randomUUID();
}
