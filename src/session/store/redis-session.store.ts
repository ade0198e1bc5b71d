import type { IncomingMessage } from 'node:http';
import { RedisStore } from 'connect-redis';
import type { Request } from 'express';
import type { Session, SessionData } from 'express-session';
import { SessionEndedError, SessionUserMismatchError } from '../session.errors.js';
import type { SessionMeta, SessionPrincipal } from '../session.types.js';
import { requestStateOf } from '../request/request-state.js';
import { addressOf } from '../token/session-id.js';
import { AllSessions } from './all-sessions.js';
import { type RedisSessionStoreOptions, standaloneEngine } from './redis-session.store.options.js';
import type { SessionEngine } from './session-engine.js';
import { type SessionState, setState, stateOf } from './session-state.js';
import type { JsonData } from './session-codec.js';
import { type Callback, settle } from './settle.js';

type SerializedSession = Session & SessionData;

/** A login that is under way in a request: what its create must find unchanged. */
interface Ticket {
  tag: string;
  generation: number;
}

/**
 * An express-session Store on Redis that keeps an index per user and never revives a session.
 *
 * It takes the place of connect-redis 8 (same options, same signatures, `instanceof RedisStore`). Saving is not
 * creating: a session that was revoked while a request worked with it stays revoked, and that save is refused with
 * SessionEndedError; concurrent saves are merged (docs/session-format.md). Works without Nest.
 *
 * Every method takes a callback, called once, or returns a promise. All of them fail with
 * SessionStoreUnavailableError when Redis does not answer.
 */
export class RedisSessionStore extends RedisStore {
  private readonly tickets = new WeakMap<IncomingMessage, Ticket>();
  private readonly everything: AllSessions;
  // Assigned by express-session to the store it is given (index.js, "generates the new session").
  declare generate: (req: Request) => void;

  constructor(
    options: RedisSessionStoreOptions,
    /** @internal Set by SessionModule, which has more to say than the options can. */
    readonly engine: SessionEngine = standaloneEngine(options),
  ) {
    // Only for what connect-redis's options promise to be readable; nothing of it talks to Redis here.
    super({ client: options.client, prefix: options.prefix ?? 'lk:', ttl: options.ttl });
    this.everything = new AllSessions(engine);
  }

  /** Loads a session: one command. Null for whatever is not a live session. */
  override get(token: string, callback?: Callback): Promise<any> {
    return settle(this.read(token), callback);
  }

  /** Creates the session of a new id, or saves what changed in a loaded one. */
  override set(token: string, session: SessionData, callback?: Callback): Promise<any> {
    return settle(this.write(token, session), callback);
  }

  /**
   * Slides the idle timeout when that is due. For a session that came through express-session the callback does not
   * wait for Redis: a touch is never on the response path.
   */
  override touch(token: string, session: SessionData, callback?: Callback): Promise<any> {
    const state = stateOf(session);
    if (!state) return settle(this.touchByToken(token), callback);
    const { req } = session as { req?: IncomingMessage };
    if (req && requestStateOf(req)?.touch === false) {
      callback?.();
      return Promise.resolve();
    }
    // A lost touch costs at most one interval of idle time; the store has reported it.
    this.engine.touch(state).catch(() => undefined);
    callback?.();
    return Promise.resolve();
  }

  /** Ends a session. It is no error when there is none. */
  override destroy(token: string, callback?: Callback): Promise<any> {
    return settle(this.engine.repository.destroy(addressOf(token)).then(noResult), callback);
  }

  /** Every session there is, as express-session data with its digest as `id`. Linear in all sessions: for tools. */
  override all(callback?: Callback): Promise<any> {
    return settle(
      this.everything.live().then((states) => states.map((state) => Object.assign(this.dataFrom(state), { id: state.at.digest }))),
      callback,
    );
  }

  /** The digests of all sessions: a token cannot be had from Redis. Linear in all sessions. */
  override ids(callback?: Callback): Promise<any> {
    return settle(
      this.everything.records().then((records) => records.map((record) => record.digest)),
      callback,
    );
  }

  /** How many session records there are. Linear in all sessions. */
  override length(callback?: Callback): Promise<any> {
    return settle(
      this.everything.records().then((records) => records.length),
      callback,
    );
  }

  /** Ends every session under the prefix. */
  override clear(callback?: Callback): Promise<any> {
    return settle(this.everything.destroyAll(), callback);
  }

  /**
   * Gives the request a new session. The old one is ended first; when that fails nothing is generated, and when a
   * user's session turns out to have ended already there is no new one either: a regenerate in flight revives nothing.
   */
  override regenerate(req: Request, callback: (error?: unknown) => unknown): void {
    void settle(this.replace(req), callback);
  }

  // express-session calls it with what `get` gave; the state moves on to the Session that the request works with.
  override createSession(req: Request, data: SessionData): SerializedSession {
    const state = stateOf(data);
    const session = super.createSession(req, data);
    if (state) setState(session, state);
    return session;
  }

  /** Puts an established session into a request: what it holds is what Redis holds. */
  install(req: IncomingMessage, state: SessionState): SerializedSession {
    const request = req as Request;
    request.sessionID = state.token;
    return this.createSession(request, this.dataFrom(state));
  }

  private dataFrom(state: SessionState): SessionData {
    const data = this.engine.codec.toSessionData({ header: state.header, meta: state.meta, data: state.seen.data });
    setState(data, state);
    return data;
  }

  private async read(token: string): Promise<SessionData | null> {
    await this.engine.ready();
    const state = await this.engine.load(token);
    return state && this.dataFrom(state);
  }

  private async write(token: string, session: SessionData): Promise<void> {
    const state = stateOf(session);
    if (isExpired(session)) return this.destroy(token);
    const { req } = session as { req?: IncomingMessage };
    const request = req && requestStateOf(req);
    if (request?.savePolicy === 'readonly') return;
    const data = this.engine.codec.dataOf(session);
    if (state) return this.engine.writer.save(state, data, request?.savePolicy);
    // A bearer client without a session has nothing to keep an anonymous one with.
    if (request?.transport === 'bearer') return;
    await this.create(token, session, data, req);
  }

  private async create(token: string, session: object, data: JsonData, req?: IncomingMessage): Promise<void> {
    const { repository, policy, options } = this.engine;
    const at = addressOf(token);
    const user = options.userOf(data);
    if ((user !== undefined) !== at.ofUser || (user && !this.engine.ring.owns(user.id, at.tag))) {
      throw new SessionUserMismatchError();
    }
    const ticket = req && this.tickets.get(req);
    const meta = user && req && this.metaOf(user, req);
    const limits = {
      idleTimeoutMs: this.engine.idleTimeoutMs({ meta }, data),
      absoluteTimeoutMs: policy.lifetimeOf(meta).absoluteTimeoutMs,
      maxSessions: options.maxSessions,
      limitPolicy: options.limitPolicy,
    };
    const reply = await repository.create(at, this.engine.bodyOf(meta, data), limits, {
      generation: ticket?.tag === at.tag ? ticket.generation : undefined,
    });
    if (reply.outcome === 'exists' && !req) return this.overwrite(token, session, data);
    if (reply.outcome !== 'ok') throw this.engine.writer.gone();
    options.observer?.onSessionEvent({ type: 'created', anonymous: !at.ofUser });
    const text = this.engine.codec.text(data);
    setState(session, {
      token,
      at,
      meta,
      principal: user,
      header: {
        touchedMs: reply.nowMs,
        absoluteExpiryMs: reply.nowMs + limits.absoluteTimeoutMs,
        createdMs: reply.nowMs,
        generation: reply.generation,
        revision: 1,
      },
      seen: { text, data: options.serializer.parse(text) as JsonData },
      stored: undefined,
    });
  }

  // A host that logs people in past SessionService, with passport's req.logIn, gets a session like any other.
  private metaOf(user: SessionPrincipal, req: IncomingMessage): SessionMeta | undefined {
    const request = requestStateOf(req);
    return (
      request && {
        transport: 'cookie',
        profile: this.engine.policy.profileFor(user.roles, 'cookie'),
        authenticatedAt: Math.floor(this.engine.redis.clock.now()),
        ip: request.ip,
        userAgent: request.userAgent,
      }
    );
  }

  // A caller who uses the store by itself sets whole sessions; the Store contract lets the last one win.
  private async overwrite(token: string, session: object, data: JsonData): Promise<void> {
    const state = await this.engine.load(token);
    if (!state) throw this.engine.writer.gone();
    await this.engine.writer.save({ ...state, seen: { text: '', data: state.seen.data } }, data);
    setState(session, state);
  }

  private async replace(req: Request): Promise<void> {
    const state = stateOf(req.session as SerializedSession | undefined);
    const ended = await this.engine.repository.destroy(state?.at ?? addressOf(req.sessionID));
    if (state?.at.ofUser && !ended) throw new SessionEndedError();
    this.generate(req);
    const at = addressOf(req.sessionID);
    if (!at.ofUser) return;
    // The same user goes on: nothing may have revoked him since his session was read. Another one starts here.
    const generation =
      state?.at.tag === at.tag ? state.header.generation : (await this.engine.users.ticket(at.tag)).generation;
    this.tickets.set(req, { tag: at.tag, generation });
  }

  private async touchByToken(token: string): Promise<void> {
    await this.engine.ready();
    const state = await this.engine.load(token);
    if (state) await this.engine.touch({ ...state, header: { ...state.header, touchedMs: 0 } });
  }
}

const noResult = () => undefined;

function isExpired(session: SessionData): boolean {
  const expires = (session.cookie as { expires?: unknown } | undefined)?.expires;
  const at = expires instanceof Date ? expires.getTime() : typeof expires === 'string' ? Date.parse(expires) : NaN;
  return at <= Date.now();
}
