import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Request } from 'express';
import type { RequestSession, SessionPrincipal } from '../../session/index.js';
import { ownUser } from '../passport/user-loader.js';
import { liveSession } from './live-session.js';

/** What a route demands of sessions, as the guards read it. */
export type SessionDemand = 'public' | 'optional';

/** Metadata of a route or controller: a `SessionDemand`; without one a session is needed. */
export const SESSION_DEMAND = Symbol('SESSION_DEMAND');

/** Metadata of a route or controller: the roles of which one is needed. */
export const ROLES = Symbol('ROLES');

/** Metadata of a route or controller: true when presence must have been proved recently. */
export const RECENT_LOGIN = Symbol('RECENT_LOGIN');

/** Lets everybody in. A credential that came along may be of a live session or not; the route does not care. */
export const Public = () => SetMetadata(SESSION_DEMAND, 'public' satisfies SessionDemand);

/**
 * Lets visitors in, and knows who is logged in. An invalid bearer token is still answered 401: a client that sent one
 * believes to be somebody.
 */
export const OptionalSession = () => SetMetadata(SESSION_DEMAND, 'optional' satisfies SessionDemand);

/** Lets in only who has at least one of these roles; everybody else is answered 403. Checked by RolesGuard. */
export const Roles = (...roles: [string, ...string[]]) => SetMetadata(ROLES, roles);

/** Lets in only who has proved presence recently; everybody else is answered 403. Checked by RecentLoginGuard. */
export const RequireRecentLogin = () => SetMetadata(RECENT_LOGIN, true);

/**
 * The user who makes the request: what the option `loadUser` of AuthModule made, or else a `SessionPrincipal`; undefined
 * where a route lets visitors in.
 */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionPrincipal | Express.User | undefined => {
    const session = sessionOf(context);
    return session && (ownUser(context.switchToHttp().getRequest<Request>()) ?? session.principal);
  },
);

/** The session of the request, a `RequestSession`; undefined where a route lets visitors in. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): RequestSession | undefined => sessionOf(context),
);

function sessionOf(context: ExecutionContext): RequestSession | undefined {
  return liveSession(context.switchToHttp().getRequest<Request>());
}
