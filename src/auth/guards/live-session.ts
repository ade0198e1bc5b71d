import type { IncomingMessage } from 'node:http';
import { requestSession, type RequestSession } from '../../session/index.js';

/**
 * The session that a request is authenticated with, if its user may use it. A disabled account's sessions end when it
 * is disabled; this refuses one of them that the end has not reached yet.
 */
export function liveSession(req: IncomingMessage): RequestSession | undefined {
  const session = requestSession(req);
  return session?.principal.disabled === false ? session : undefined;
}

/** The request's roles that count: the admin role does so only in a session of the admin profile. */
export function effectiveRoles(
  session: Pick<RequestSession, 'principal' | 'profile'>,
  adminRole: string,
): string[] {
  return session.principal.roles.filter((role) => role !== adminRole || session.profile === 'admin');
}
