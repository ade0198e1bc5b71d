import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { Request } from 'express';
import expressSession from 'express-session';
import { describeError } from '../../problem/index.js';
import type { SessionCookieOptions } from '../session.module-definition.js';
import type { RedisSessionStore } from '../store/redis-session.store.js';
import { type SessionState, stateOf } from '../store/session-state.js';
import { newSessionToken } from '../token/session-id.js';
import { signedValue } from '../token/signed-cookie.js';
import { isSecure } from './cookie-transport.js';
import { type Arrival, type RequestState, requestStateOf } from './request-state.js';
import { changedData, saveSession } from './save-session.js';
import { offerSession, unreadSession } from './unread-session.js';

type Session = Request['session'];
type Next = (error?: unknown) => void;

// Constructors, of which the types say that they are not for others; a Store needs the first to make sessions of its own.
const { Session: NewSession, Cookie: NewCookie } = expressSession as unknown as {
  Session: new (req: Request) => Session;
  Cookie: new (options: object) => Session['cookie'];
};

const logger = new Logger('Session');

/**
 * Gives requests an express-session Session, with what express-session 1.19 documents for `resave: false`,
 * `saveUninitialized: false` and `rolling: false`: `req.session` with its methods, `req.sessionID`, `req.sessionStore`,
 * a cookie for a session that is new or got another id, none for one that nothing was put into.
 *
 * In place of its middleware, which parses and verifies the cookie once more, hashes each session two or three times to
 * see whether it was changed, and saves while the answer is on its way. Here a credential is verified once, by the caller,
 * and a session is compared once, as text. Session and Cookie are express-session's own, made when somebody looks.
 */
export class ExpressSessions {
  constructor(
    private readonly store: RedisSessionStore,
    private readonly cookie: Pick<SessionCookieOptions, 'name' | 'secure' | 'sameSite'>,
    private readonly secret: string,
  ) {
    // As express-session does: `regenerate` calls it on the store.
    store.generate = (req) => {
      req.sessionID = newSessionToken();
      req.session = new NewSession(req as Request);
      const { secure, sameSite } = cookie;
      req.session.cookie = new NewCookie({ httpOnly: true, path: '/', secure, sameSite });
    };
  }

  /** Loads the session of a verified token, or gives the request a new one. `next` gets what the store failed with. */
  load(req: Request, token: string | undefined, next: Next): void {
    // Whoever was here first gave it one.
    if ((req as Partial<Request>).session) {
      next();
      return;
    }
    req.sessionStore = this.store;
    if (token === undefined) {
      this.begin(req);
      next();
      return;
    }
    req.sessionID = token;
    this.store.find(token).then((state) => {
      if (state) {
        const unread = offerSession(req, state, this.store);
        setArrival(req, { token, id: token, data: state.seen.data, touched: false, unread });
      } else this.begin(req, token);
      next();
    }, next);
  }

  /** A new session for a request, whatever came with it. It is stored once something is put into it. */
  begin(req: Request, token?: string): void {
    this.store.generate(req);
    setArrival(req, { token, id: req.sessionID, data: undefined, touched: false, unread: undefined });
  }

  /** Whether the request has a session: one that nobody has taken away. */
  has(req: Request): boolean {
    return unreadSession(req) !== undefined || Boolean((req as Partial<Request>).session);
  }

  /** The record behind the request's session; undefined when it is not stored yet. */
  stateOf(req: Request): SessionState | undefined {
    return unreadSession(req) ?? stateOf(req.session);
  }

  /**
   * Stores what was changed; undefined when nothing was. A request that changed nothing costs one comparison.
   * @throws TypeError when the host has broken its session
   */
  save(req: Request): Promise<void> | undefined {
    if (unreadSession(req)) return undefined;
    const { session } = req;
    const { codec } = this.store.engine;
    // A new session in the place of another is kept even when it is empty.
    const data = changedData(codec, session, () => Boolean(arrivalOf(req)) && isModified(req, session));
    if (!data) return undefined;
    if (typeof session.cookie !== 'object' || session.cookie === null)
      throw new TypeError(
        'The application has taken req.session.cookie away; a session cannot be kept without it.',
      );
    codec.checkNesting(data);
    return saveSession(session);
  }

  /** Slides the idle timeout of the session that the request came with. Nothing waits for it. */
  touch(req: Request): void {
    const arrival = arrivalOf(req);
    if (!arrival || arrival.touched || arrival.token !== req.sessionID) return;
    arrival.touched = true;
    const unread = unreadSession(req);
    if (unread) {
      slide(req, unread);
      return;
    }
    const { session } = req as Partial<Request>;
    session?.touch();
    if (session) void this.store.touch(arrival.token, session, () => undefined);
  }

  /** To be called when the headers leave. */
  setCookie(req: Request, res: ServerResponse): void {
    if (unreadSession(req)) return;
    const session = (req as Partial<Request>).session;
    if (!session || !needsCookie(req, session)) return;
    if (session.cookie.secure === true && !isSecure(req)) return;
    session.touch();
    try {
      const { cookie } = session as unknown as { cookie: { serialize(name: string, value: string): string } };
      res.appendHeader(
        'Set-Cookie',
        cookie.serialize(this.cookie.name, signedValue(req.sessionID, this.secret)),
      );
    } catch (error) {
      logger.error(`a session's cookie cannot be set: ${describeError(error)}`);
    }
  }
}

/** Nothing waits for it: a lost touch costs at most one interval of idle time, and is reported by the engine. */
function slide(req: Request, state: SessionState): void {
  const { engine, touch } = requestStateOf(req) as RequestState;
  if (touch && engine.isTouchDue(state)) engine.touch(state).catch(() => undefined);
}

function needsCookie(req: Request, session: Session): boolean {
  const arrival = arrivalOf(req);
  if (!arrival) return false;
  if (arrival.token !== req.sessionID) return isModified(req, session);
  return Boolean(session.cookie.expires) && isModified(req, session);
}

/** Whether the session is another than at first, or holds something else. Its cookie alone does not count. */
function isModified(req: Request, session: Session): boolean {
  const arrival = arrivalOf(req);
  if (arrival?.id !== session.id) return true;
  return textOf(session) !== textOf(arrival.data ?? {});
}

const textOf = (data: object) => JSON.stringify({ ...data, cookie: undefined });

const arrivalOf = (req: Request): Arrival | undefined => requestStateOf(req)?.arrival;

const setArrival = (req: Request, arrival: Arrival): void => {
  (requestStateOf(req) as RequestState).arrival = arrival;
};
