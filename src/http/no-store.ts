import type { RequestHandler } from 'express';

/** For answers about people and sessions: no cache, shared or private, keeps them (RFC 9111, section 5.2.2.5). */
export const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};
