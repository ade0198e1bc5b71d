import type { IncomingMessage, ServerResponse } from 'node:http';

/** Middleware for answers about people and sessions: no cache, shared or private, keeps them (RFC 9111, section 5.2.2.5). */
export function noStore(_req: IncomingMessage, res: ServerResponse, next: () => void): void {
  res.setHeader('Cache-Control', 'no-store');
  next();
}
