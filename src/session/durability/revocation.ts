import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { Revocation } from '../session.types.js';

const HEADER = 'Revocation-Durable';

/** Several revocations as one: durable when all are that say so. */
export function together(...revocations: Revocation[]): Revocation {
  const revoked = revocations.reduce((sum, one) => sum + one.revoked, 0);
  const known = revocations.flatMap(({ durable }) => durable ?? []);
  return known.length === 0 ? { revoked } : { revoked, durable: known.every(Boolean) };
}

/**
 * Tells the client of a request whether what it has ended stays ended after a failover, in the header
 * `Revocation-Durable`. One false of several stays false. Nothing while revocations are not replicated, and nothing when
 * the answer has left.
 */
export function tellDurability(req: IncomingMessage, { durable }: Pick<Revocation, 'durable'>): void {
  const { res } = req as Partial<Request>;
  if (durable === undefined || !res || res.headersSent) return;
  res.setHeader(HEADER, String(durable && res.getHeader(HEADER) !== 'false'));
}
