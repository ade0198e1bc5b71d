import type { IncomingMessage, ServerResponse } from 'node:http';
import { demandCookieTransport } from '../request/cookie-transport.js';
import { hasCookie } from '../request/credentials.js';
import type { RequestState } from '../request/request-state.js';
import type { SessionCookieOptions } from '../session.module-definition.js';
import type { RedisSessionStore } from '../store/redis-session.store.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { SessionState } from '../store/session-state.js';
import { LegacySessions } from './legacy-sessions.js';
import { SessionSuccession, tokenOf } from './session-succession.js';
import type { ResolvedTakeoverOptions } from './takeover.options.js';
import { TakeoverRepository } from './takeover.repository.js';

/**
 * Lets the sessions of another system go on as sessions of this one, each when it is used for the first time. A request
 * in a live session of ours is not concerned and costs nothing; a forged old cookie costs no command.
 */
export class SessionTakeover {
  private readonly engine: SessionEngine;
  private readonly legacy: LegacySessions;
  private readonly repository: TakeoverRepository;
  private readonly succession: SessionSuccession;

  constructor(
    private readonly store: RedisSessionStore,
    private readonly options: ResolvedTakeoverOptions,
    cookie: SessionCookieOptions,
  ) {
    this.engine = store.engine;
    this.legacy = new LegacySessions(this.engine.redis, options);
    this.repository = new TakeoverRepository(this.engine.redis);
    this.succession = new SessionSuccession(this.engine, this.repository, options, cookie);
  }

  /** Whether a request is to be asked for its old session: not one in a live session of ours, nor one with a token. */
  concerns(req: IncomingMessage, request: RequestState): boolean {
    return request.credential !== 'valid' && request.transport !== 'bearer' && this.isPresented(req);
  }

  /** Gives the request the session that its old one goes on as, if there is one. The answer sets our cookie then. */
  async apply(req: IncomingMessage, res: ServerResponse, request: RequestState): Promise<void> {
    request.transport = 'cookie';
    request.credential = 'invalid';
    const state = await this.find(req, request);
    if (!state) return;
    demandCookieTransport(req);
    request.credential = 'valid';
    request.session = state;
    this.store.install(req, state);
    // express-session touches only what came with its own cookie. A lost touch costs at most one interval of idle time.
    res.once('finish', () => {
      if (request.touch) this.engine.touch(state).catch(() => undefined);
    });
  }

  /**
   * Ends what the old cookie of a request stands for that has ended its session: a browser that has just logged out
   * must not be logged in by its other cookie.
   */
  end(req: IncomingMessage, request: RequestState): Promise<void> | undefined {
    if (request.transport === 'bearer' || !this.isPresented(req)) return undefined;
    return this.endSuccessor(req, request);
  }

  private async endSuccessor(req: IncomingMessage, request: RequestState): Promise<void> {
    const state = await this.find(req, request);
    if (!state || !(await this.engine.repository.destroy(state.at, 'logout'))) return;
    this.engine.options.observer?.onSessionEvent({ type: 'ended', reason: 'logout', count: 1 });
  }

  private isPresented(req: IncomingMessage): boolean {
    return hasCookie(req.headers.cookie, this.options.cookieName);
  }

  private async find(req: IncomingMessage, request: RequestState): Promise<SessionState | null> {
    const id = this.legacy.idOf(req);
    if (id === undefined) return null;
    await this.engine.ready();
    const successor = this.engine.ring.successor(id);
    // In this order: the record is deleted after the trace is there, so nobody can miss both.
    const session = await this.legacy.find(id);
    const tag = await this.repository.tagOf(successor);
    if (tag === null) {
      const made = session && (await this.succession.begin(successor, session, request));
      // Last of all: until here another request, or another node, can start from the same record.
      if (made?.final) await this.legacy.delete(id);
      return made?.state ?? null;
    }
    // Not deleted yet, or brought back by a save that was in flight in the old system.
    if (session) await this.legacy.delete(id);
    return this.engine.load(tokenOf(successor, tag));
  }
}
