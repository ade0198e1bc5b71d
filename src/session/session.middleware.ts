import { Inject, Injectable, Logger, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import onHeaders from 'on-headers';
import { describeError, ProblemException, toProblem } from '../problem/index.js';
import { type PresentedCredentials, presentedCredentials } from './request/credentials.js';
import { ExpressSessions } from './request/express-sessions.js';
import { refuseAnswer } from './request/refuse-answer.js';
import { beginRequest, type RequestState } from './request/request-state.js';
import { holdResponse } from './request/response-gate.js';
import { chargeStoreBudget } from './request/store-budget.js';
import { filterSessionCookie } from './request/session-cookie-filter.js';
import { verifiedToken } from './request/verified-credential.js';
import type { ResolvedSessionOptions } from './session.module-definition.js';
import { SESSION_OPTIONS, SESSION_STORE } from './session.tokens.js';
import type { RedisSessionStore } from './store/redis-session.store.js';
import { SessionTakeover } from './takeover/session-takeover.js';
import { verifyBearerToken } from './token/bearer-token.js';
import { verifyCookie } from './token/signed-cookie.js';

/**
 * Gives every request its session. Reads the credential, loads what it names, refuses what is of the other transport,
 * and holds the answer back until the session is stored.
 * A store that does not answer ends the request with 503; nobody is ever taken for logged out because of it.
 */
@Injectable()
export class SessionMiddleware implements NestMiddleware<Request, Response> {
  private readonly logger = new Logger('Session');
  private readonly sessions: ExpressSessions;
  private readonly takeover: SessionTakeover | undefined;
  private readonly verifyBearer = (sent: string) => verifyBearerToken(sent, this.options.secrets);
  private readonly verifyCookie = (sent: string) => verifyCookie(sent, this.options.secrets);

  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
  ) {
    this.takeover = options.takeover && new SessionTakeover(store, options.takeover, options.cookie);
    this.sessions = new ExpressSessions(store, options.cookie, options.secrets[0] as string);
  }

  use(req: Request, res: Response, next: NextFunction): void {
    const presented = presentedCredentials(req, this.options.cookie.name);
    if (presented.ambiguous) {
      next(new ProblemException('AMBIGUOUS_CREDENTIALS'));
      return;
    }
    const transport = presented.bearer ? 'bearer' : presented.cookie !== undefined ? 'cookie' : undefined;
    const state = beginRequest(req, transport, this.store.engine, this.options.cookie.secure);
    onHeaders(res, () => {
      if (state.mayCarryCookie) this.sessions.setCookie(req, res);
      filterSessionCookie(res, this.options.cookie.name, state.mayCarryCookie);
    });
    const askedMs = performance.now();
    this.sessions.load(req, this.verify(req, presented), (error?: unknown) => {
      chargeStoreBudget(req, performance.now() - askedMs);
      if (error) {
        next(error);
        return;
      }
      this.recognise(req, state);
      const open = () => {
        holdResponse(res, {
          beforeSend: (last) => this.commit(req, state, last),
          refuse: (cause) => this.refuse(req, res, cause),
        });
        next();
      };
      if (this.takeover?.concerns(req, state)) void this.takeover.apply(req, res, state).then(open, next);
      else open();
    });
  }

  /** The session token of what the client presented, when its signature holds. */
  private verify(req: Request, { bearer, cookie }: PresentedCredentials): string | undefined {
    if (bearer) return bearer.token && verifiedToken(req, bearer.token, this.verifyBearer);
    return cookie === undefined ? undefined : verifiedToken(req, cookie, this.verifyCookie);
  }

  private recognise(req: Request, state: RequestState): void {
    const loaded = this.sessions.stateOf(req);
    if (!loaded) return;
    if (loaded.meta && loaded.meta.transport !== state.transport) {
      this.options.observer?.onSessionEvent({ type: 'ignored', reason: 'wrong-transport' });
      this.sessions.begin(req);
      return;
    }
    state.session = loaded;
    state.credential = 'valid';
  }

  /** Past every exception filter: the handler is done. An outage is logged by the client of Redis, once for all. */
  private refuse(req: Request, res: Response, cause: unknown): void {
    if (toProblem(cause).body.status === 500)
      this.logger.error(`a session could not be stored: ${describeError(cause)}`);
    refuseAnswer(req, res, cause);
  }

  /** Stores what the handler changed. */
  private commit(req: Request, state: RequestState, last: boolean): Promise<void> | undefined {
    if (!this.sessions.has(req)) return this.takeover?.end(req, state);
    const saved = this.sessions.save(req);
    if (!saved && last) this.sessions.touch(req);
    return saved;
  }
}
