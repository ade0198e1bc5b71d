import type { IncomingMessage } from 'node:http';
import { RedisStore } from 'connect-redis';
import type { Request } from 'express';
import { Cookie, type Session, type SessionData } from 'express-session';
import { requestStateOf } from '../request/request-state.js';
import { newSessionToken } from '../token/session-id.js';
import { AllSessions } from './all-sessions.js';
import { rememberRing } from './create-session-id.js';
import type { RedisSessionStoreOptions } from './redis-session.store.options.js';
import { type Anything, type Callback, settle, settleNow } from './settle.js';
import { sameCookie } from './session-cookie.js';
import type { SessionEngine } from './session-engine.js';
import { type SessionState, setState, stateOf } from './session-state.js';
import { requestOf, SessionsByToken } from './sessions-by-token.js';
import { standaloneEngine } from './standalone-engine.js';
import { UntaggedIds } from './untagged-ids.js';

type SerializedSession = Session & SessionData;

/**
 * An express-session Store on Redis that keeps an index per user and never revives a session.
 *
 * It takes the place of connect-redis 8 (same options, same signatures; `instanceof RedisStore` for ES modules).
 * Saving is not creating: a session that was revoked while a request worked with it stays revoked, and that save is
 * refused with SessionEndedError; concurrent saves are merged (docs/session-format.md). A session that was not read,
 * but is handed over whole, replaces what is there.
 *
 * Works without Nest. express-session by itself saves while it sends the answer, so mount `holdUntilStored()` behind it
 * where a failed save must not be a 200.
 *
 * Every method takes a callback, called once, or returns a promise. All of them fail with
 * SessionStoreUnavailableError when Redis does not answer.
 */
export class RedisSessionStore extends RedisStore {
  private readonly sessions: SessionsByToken;
  private readonly everything: AllSessions;
  private readonly knowsUsers: boolean;

  /** @throws TypeError naming every option that is wrong */
  constructor(
    options: RedisSessionStoreOptions,
    /** @internal Set by SessionModule, which has more to say than the options can. */
    readonly engine: SessionEngine = standaloneEngine(options),
  ) {
    const { client, prefix = 'lk:', ttl, serializer } = options;
    // Only for what connect-redis's options promise to be readable; nothing of it talks to Redis here.
    super({ client, prefix, ttl, serializer: serializer as RedisStore['serializer'] });
    this.sessions = new SessionsByToken(
      engine,
      options.untaggedIds === 'index' ? new UntaggedIds(engine) : undefined,
    );
    this.everything = new AllSessions(engine);
    this.knowsUsers = options.userId !== undefined;
    if (this.knowsUsers) rememberRing(engine.ring);
  }

  /**
   * Passes on every event but one: at `disconnect` express-session stops to look for sessions and lets requests through
   * without one. A host that relays what its Redis client says must not open that door; who needs a session gets an error.
   */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return event !== 'disconnect' && super.emit(event, ...args);
  }

  /**
   * Makes a session id, for `genid`. With a user, only that user's sessions can lie under it; without, only anonymous ones.
   * @throws TypeError when the store has no option `userId`
   */
  createSessionId(userId?: string | null): string {
    if (userId === undefined || userId === null) return newSessionToken();
    if (!this.knowsUsers)
      throw new TypeError('createSessionId(userId) needs a store with the options userId and indexKeys.');
    return newSessionToken(this.engine.ring.current(userId));
  }

  /** Loads a session: one command. Null for whatever is not a live session. */
  override get(token: string, callback?: Callback): Promise<Anything> {
    return settle(this.read(token), callback);
  }

  /**
   * What `get` loads, before it is made into express-session's data.
   * @internal
   */
  find(token: string): Promise<SessionState | null> {
    return this.sessions.read(token);
  }

  /** Creates the session of a new id, or saves what changed in a loaded one. */
  override set(token: string, session: SessionData, callback?: Callback): Promise<Anything> {
    return settle(this.sessions.write(token, session), callback);
  }

  /**
   * Slides the idle timeout when that is due, and keeps a changed cookie. For a session that came through
   * express-session the callback does not wait for Redis: a touch is never on the response path.
   */
  override touch(token: string, session: SessionData, callback?: Callback): Promise<Anything> {
    const state = stateOf(session);
    const req = requestOf(session);
    if (!state) return settle(this.sessions.touch(token, session), callback);
    const request = req && requestStateOf(req);
    if (request?.touch === false) return settleNow(callback);
    // express-session takes a session of which only the cookie changed for unmodified; SessionModule saves it itself.
    if (!request && session.cookie && !sameCookie(session.cookie, state.seen.data['cookie'] ?? {})) {
      return settle(this.sessions.write(token, session), callback);
    }
    const slid = this.sessions.slide(state, req);
    return req ? settleNow(callback) : settle(slid, callback);
  }

  /** Ends a session. It is no error when there is none. */
  override destroy(token: string, callback?: Callback): Promise<Anything> {
    const result = settle(this.sessions.end(token).then(noResult), callback);
    // Nobody has the promise of `req.session.destroy()`: an outage there is reported, and must not end the process.
    result.catch(() => undefined);
    return result;
  }

  /** Every session there is, as express-session data with its digest as `id`. Linear in all sessions: for tools. */
  override all(callback?: Callback): Promise<Anything> {
    const withId = (state: SessionState) => Object.assign(this.dataFrom(state), { id: state.at.digest });
    return settle(
      this.everything.live().then((states) => states.map(withId)),
      callback,
    );
  }

  /** The digests of all sessions: a token cannot be had from Redis. Linear in all sessions. */
  override ids(callback?: Callback): Promise<Anything> {
    return settle(this.everything.digests(), callback);
  }

  /** How many sessions there are. Linear in all sessions. */
  override length(callback?: Callback): Promise<Anything> {
    return settle(
      this.everything.digests().then(({ length }) => length),
      callback,
    );
  }

  /** Ends every session under the prefix. */
  override clear(callback?: Callback): Promise<Anything> {
    return settle(this.everything.destroyAll(), callback);
  }

  /** Loads a session as an express-session Session of its own, without a request. Undefined when there is none. */
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- without a callback it returns a promise
  override load(token: string, callback?: Callback): Promise<Anything> {
    const request = { sessionID: token, sessionStore: this } as unknown as Request;
    return settle(
      this.read(token).then((data) => (data ? this.createSession(request, data) : undefined)),
      callback,
    );
  }

  /** Gives a request a new anonymous session. express-session puts its own in this place, which knows its options. */
  generate(req: Express.Request): void {
    req.sessionID = newSessionToken();
    this.createSession(req, { cookie: new Cookie() });
  }

  /**
   * Gives the request a new session. The old one is ended first; when that fails nothing is generated, and when a
   * user's session turns out to have ended already there is no new one either: a regenerate in flight revives nothing.
   * The same user's new session lives no longer than the old one would have: only a login begins a new lifetime.
   */
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- without a callback it returns a promise
  override regenerate(req: Request, callback?: Callback): Promise<Anything> {
    const result = settle(
      this.sessions.replace(req, () => this.generate(req)),
      callback,
    );
    result.catch(() => undefined);
    return result;
  }

  /**
   * Makes the Session that a request works with of what `get` gave. express-session calls it.
   * @internal
   */
  override createSession(req: Express.Request, data: SessionData): SerializedSession {
    const state = stateOf(data);
    const request = req as Request;
    // Under SessionModule a record that another program wrote without a cookie is no reason for a 500.
    if (requestStateOf(request) && !data.cookie) data.cookie = new Cookie();
    const session = super.createSession(request, data);
    if (state) setState(session, state);
    return session;
  }

  /**
   * Puts an established session into a request: what it holds is what Redis holds.
   * @internal
   */
  install(req: IncomingMessage, state: SessionState): SerializedSession {
    const request = req as Request;
    request.sessionID = state.token;
    return this.createSession(request, this.dataFrom(state));
  }

  private async read(token: string): Promise<SessionData | null> {
    const state = await this.sessions.read(token);
    return state && this.dataFrom(state);
  }

  private dataFrom(state: SessionState): SessionData {
    const data = this.engine.codec.toSessionData(state.seen.data, this.engine.cookieExpiry(state));
    setState(data, state);
    return data;
  }
}

const noResult = () => undefined;
