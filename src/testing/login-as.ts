import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import {
  beginRequest,
  type ResolvedSessionOptions,
  SESSION_OPTIONS,
  signCookie,
} from '../session/for-testing.js';
import {
  type RedisSessionStore,
  SESSION_STORE,
  type SessionPrincipal,
  SessionService,
  type Transport,
} from '../session/index.js';

/** Somebody who is logged in. */
export interface TestLogin {
  /** What his requests and upgrades carry: the session cookie and the origin, or the bearer token. */
  headers: Record<string, string>;
  userId: string;
  /** The name of his session in the API. */
  sessionId: string;
}

/** How somebody is logged in. */
export interface LoginAsOptions {
  /** @default 'cookie' */
  transport?: Transport;
  /** The page that the user is on, for routes behind `crossSiteGuard`; ignored for bearer. @default none is said */
  origin?: string;
  /** What his session holds at first. @default {} */
  data?: Record<string, unknown>;
}

/**
 * Logs somebody in without a password, a mail or a route: the session is made in Redis as `SessionService.establish` makes
 * it, with limits, profile and index, and works on every node. Nothing is counted, and nothing is written to the trail.
 *
 * @param app a Nest application, or its module of a test, with SessionModule; it need not listen
 * @param user by id, or as the accounts of the host have him; what is not given is made up
 * @throws TooManySessionsError, SessionStoreUnavailableError
 */
export async function loginAs(
  app: INestApplicationContext,
  user: string | (Partial<SessionPrincipal> & { id: string }),
  { transport = 'cookie', origin, data }: LoginAsOptions = {},
): Promise<TestLogin> {
  const sessions = app.get(SessionService, { strict: false });
  const { secrets, cookie } = app.get<ResolvedSessionOptions>(SESSION_OPTIONS, { strict: false });
  const { engine } = app.get<RedisSessionStore>(SESSION_STORE, { strict: false });
  const principal = principalOf(typeof user === 'string' ? { id: user } : user);
  const ticket = await sessions.takeTicket(principal.id);
  const req = requestOfNobody();
  beginRequest(req, undefined, engine);
  const { session, token } = await sessions.establish(req, { principal, ticket, transport });
  if (data) await sessions.update(principal.id, session.id, (stored) => Object.assign(stored, data));
  const headers: Record<string, string> =
    token === undefined
      ? {
          cookie: `${cookie.name}=${signCookie(req.sessionID, secrets[0] as string)}`,
          ...(origin !== undefined && { origin }),
        }
      : { authorization: `Bearer ${token}` };
  return { headers, userId: principal.id, sessionId: session.id };
}

function principalOf(user: Partial<SessionPrincipal> & { id: string }): SessionPrincipal {
  return {
    email: `${user.id}@example.com`,
    displayName: null,
    roles: [],
    disabled: false,
    createdAt: new Date().toISOString(),
    ...user,
  };
}

/** As much of a request as a login looks at. */
function requestOfNobody(): IncomingMessage & { sessionID: string } {
  const request = { headers: {}, rawHeaders: [], socket: { remoteAddress: '127.0.0.1' }, sessionID: '' };
  return request as unknown as IncomingMessage & { sessionID: string };
}
