import type { IncomingMessage } from 'node:http';
import { ProblemException } from '../problem/index.js';
import type { SessionSockets, SocketSession } from '../session/index.js';
import { type CrossSiteOptions, crossSiteRule } from './cross-site.guard.js';

/** Where pages may open connections from: as `crossSiteGuard` takes it. */
export type SocketGateOptions = Pick<CrossSiteOptions, 'origins'>;

/**
 * Lets upgrade requests in that have a live session and come from where they may: to be asked before the connection is
 * upgraded, by whatever serves it. A browser sends its cookies along with an upgrade that any page asks for, and there is
 * no CORS to keep that page from talking (cross-site WebSocket hijacking, CWE-1385). So an upgrade counts as a request
 * that changes something, though its method is GET: the rule is that of `crossSiteGuard`.
 *
 * What it resolves with must be given `onEnd`, and `release` when the connection closes.
 * @throws TypeError when there is no origin, or something that browsers never send as one
 * @returns rejects with ProblemException `CROSS_SITE_REQUEST`, `AMBIGUOUS_CREDENTIALS`, `UNAUTHENTICATED`, or with
 *   SessionStoreUnavailableError; `refuseUpgrade` makes an answer of any of them
 */
export function socketGate(
  sockets: SessionSockets,
  { origins }: SocketGateOptions,
): (req: IncomingMessage) => Promise<SocketSession> {
  const isRefused = crossSiteRule({ origins, cookieName: sockets.cookieName });
  return async (req) => {
    if (isRefused(req, 'POST')) throw new ProblemException('CROSS_SITE_REQUEST');
    return sockets.open(req);
  };
}
