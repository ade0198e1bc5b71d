import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ProblemException } from '../../problem/index.js';
import { presentedCredentials } from '../request/credentials.js';
import { requestStateOf } from '../request/request-state.js';
import type { ResolvedSessionOptions } from '../session.module-definition.js';
import { SESSION_OPTIONS, SESSION_STORE } from '../session.tokens.js';
import type { RedisSessionStore } from '../store/redis-session.store.js';
import { verifyBearerToken } from '../token/bearer-token.js';
import { addressOf } from '../token/session-id.js';
import { verifyCookie } from '../token/signed-cookie.js';
import { SocketSession } from './socket-session.js';
import { type NewsListener, SocketWatch } from './socket-watch.js';

// When a connection too many may be tried again: others have to be closed first.
const RETRY_AFTER_SECONDS = 5;

// Within the second that an answer may take. Without the right to subscribe, it is all that can be done.
const NEWS_PATIENCE_MS = 400;

/**
 * Sessions of connections that stay open: WebSockets, whatever library serves them. An application without any pays
 * nothing for it: no connection, no timer, no command.
 */
@Injectable()
export class SessionSockets implements OnApplicationShutdown {
  private readonly watch: SocketWatch;

  constructor(
    @Inject(SESSION_OPTIONS)
    private readonly options: Pick<
      ResolvedSessionOptions,
      'cookie' | 'secrets' | 'observer' | 'socketOutageGraceMs' | 'maxSocketsPerSession'
    >,
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
  ) {
    this.watch = new SocketWatch(store.engine, options.socketOutageGraceMs);
  }

  /** Name of the session cookie. */
  get cookieName(): string {
    return this.options.cookie.name;
  }

  /** How many connections of this node have a session that is looked after. */
  get size(): number {
    return this.watch.size;
  }

  /**
   * The session that an upgrade request is authenticated with, by cookie or bearer token; never by its URL. It says
   * nothing about the page that caused the request: `admitSocket` asks about that first. Does not count as use.
   *
   * Whoever gets one calls `onEnd` to hear when to close the connection, and `release` when it is closed.
   * @throws ProblemException `AMBIGUOUS_CREDENTIALS`, `UNAUTHENTICATED`, `TOO_MANY_CONNECTIONS`
   * @throws SessionStoreUnavailableError
   */
  async open(req: IncomingMessage): Promise<SocketSession> {
    const presented = presentedCredentials(req, this.options.cookie.name);
    if (presented.ambiguous) throw new ProblemException('AMBIGUOUS_CREDENTIALS');
    const { secrets } = this.options;
    const token = presented.bearer
      ? presented.bearer.token && verifyBearerToken(presented.bearer.token, secrets)
      : presented.cookie && verifyCookie(presented.cookie, secrets);
    const at = token ? addressOf(token) : undefined;
    // A visitor's session is nobody's.
    if (!token || !at?.ofUser) throw new ProblemException('UNAUTHENTICATED');
    await this.store.engine.ready();
    const watched = this.watch.of(token, at);
    if (watched.connections.size >= this.options.maxSocketsPerSession)
      throw new ProblemException('TOO_MANY_CONNECTIONS', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    // Before it is read: what ends it from now on is noticed.
    const session = new SocketSession(this.store.engine, watched);
    try {
      await watched.lookAgain();
      if (session.hasEnded) throw new ProblemException('UNAUTHENTICATED');
      if (session.transport !== (presented.bearer ? 'bearer' : 'cookie')) {
        this.options.observer?.onSessionEvent({ type: 'ignored', reason: 'wrong-transport' });
        throw new ProblemException('UNAUTHENTICATED');
      }
    } catch (error) {
      session.release();
      throw error;
    }
    session.open();
    return session;
  }

  /**
   * @internal The session of a request that has passed SessionMiddleware, for an answer that goes on.
   * @throws ProblemException `UNAUTHENTICATED` when it has ended meanwhile
   * @throws SessionStoreUnavailableError
   */
  async follow(req: IncomingMessage): Promise<SocketSession> {
    const state = requestStateOf(req)?.session;
    if (!state?.at.ofUser) throw new ProblemException('UNAUTHENTICATED');
    const watched = this.watch.of(state.token, state.at);
    const session = new SocketSession(this.store.engine, watched);
    try {
      await watched.lookAgain();
      // The first connection of a node has to wait until the news are heard; from then on it misses none.
      if (!session.hasEnded)
        await this.watch.heard(this.store.engine.ring.oldestFirst(session.userId), NEWS_PATIENCE_MS);
      if (session.hasEnded) throw new ProblemException('UNAUTHENTICATED');
    } catch (error) {
      session.release();
      throw error;
    }
    return session;
  }

  /** @internal Calls back for what is told of a user's sessions. @returns to be called when it is of no interest any more */
  listen(userId: string, listener: NewsListener): () => void {
    return this.watch.listen(this.store.engine.ring.oldestFirst(userId), listener);
  }

  /** @internal Called by Nest. */
  onApplicationShutdown(): void {
    this.watch.close();
  }
}
