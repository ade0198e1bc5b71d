import { Inject, Injectable, Logger, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import expressSession from 'express-session';
import { describeError, ProblemException, toProblem } from '../problem/index.js';
import { presentedCredentials } from './request/credentials.js';
import { refuseAnswer } from './request/refuse-answer.js';
import { beginRequest, type RequestState } from './request/request-state.js';
import { bindEngine } from './request/request-session.js';
import { holdResponse } from './request/response-gate.js';
import { saveSession } from './request/save-session.js';
import { chargeStoreBudget } from './request/store-budget.js';
import { filterSessionCookie } from './request/session-cookie-filter.js';
import type { ResolvedSessionOptions } from './session.module-definition.js';
import { SESSION_OPTIONS, SESSION_STORE } from './session.tokens.js';
import type { RedisSessionStore } from './store/redis-session.store.js';
import { stateOf } from './store/session-state.js';
import { SessionTakeover } from './takeover/session-takeover.js';
import { newSessionToken } from './token/session-id.js';
import { verifyBearerToken } from './token/bearer-token.js';
import { signCookie } from './token/cookie-signature.js';

/**
 * Gives every request its session. Reads the credential, lets express-session load, refuses what is of the other
 * transport, and holds the answer back until the session is stored.
 * A store that does not answer ends the request with 503; nobody is ever taken for logged out because of it.
 */
@Injectable()
export class SessionMiddleware implements NestMiddleware<Request, Response> {
  private readonly logger = new Logger('Session');
  private readonly handler: RequestHandler;
  private readonly takeover: SessionTakeover | undefined;

  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
  ) {
    this.takeover = options.takeover && new SessionTakeover(store, options.takeover, options.cookie);
    this.handler = expressSession({
      name: options.cookie.name,
      secret: options.secrets,
      store,
      cookie: { httpOnly: true, path: '/', secure: options.cookie.secure, sameSite: options.cookie.sameSite },
      genid: () => newSessionToken(),
      resave: false,
      saveUninitialized: false,
    });
  }

  use(req: Request, res: Response, next: NextFunction): void {
    const presented = presentedCredentials(req, this.options.cookie.name);
    if (presented.ambiguous) {
      next(new ProblemException('AMBIGUOUS_CREDENTIALS'));
      return;
    }
    const transport = presented.bearer ? 'bearer' : presented.cookie ? 'cookie' : undefined;
    const state = beginRequest(req, transport, this.options.cookie.secure);
    bindEngine(req, this.store.engine);
    filterSessionCookie(res, this.options.cookie.name, () => state.mayCarryCookie);
    const askedMs = performance.now();
    this.load(req, res, presented.bearer?.token, (error?: unknown) => {
      chargeStoreBudget(req, performance.now() - askedMs);
      if (error) {
        next(error);
        return;
      }
      this.recognise(req, state);
      const open = () => {
        holdResponse(res, {
          beforeSend: () => this.commit(req, state),
          refuse: (cause) => this.refuse(req, res, cause),
        });
        next();
      };
      if (this.takeover?.concerns(req, state)) void this.takeover.apply(req, res, state).then(open, next);
      else open();
    });
  }

  /** Lets express-session load the session. It reads cookies only, so a bearer token is shown to it as one. */
  private load(req: Request, res: Response, bearer: string | undefined, next: NextFunction): void {
    const { cookie } = req.headers;
    const token = bearer && verifyBearerToken(bearer, this.options.secrets);
    if (token) {
      req.headers.cookie = `${this.options.cookie.name}=${signCookie(token, this.options.secrets[0] as string)}`;
    }
    try {
      void this.handler(req, res, next);
    } finally {
      // express-session has read it by now; nobody else is to see it.
      if (token) {
        if (cookie === undefined) delete req.headers.cookie;
        else req.headers.cookie = cookie;
      }
    }
  }

  private recognise(req: Request, state: RequestState): void {
    const loaded = stateOf(req.session);
    if (!loaded) return;
    if (loaded.meta && loaded.meta.transport !== state.transport) {
      this.options.observer?.onSessionEvent({ type: 'ignored', reason: 'wrong-transport' });
      this.store.generate(req);
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

  /** Stores what the handler changed. A request that changed nothing costs one comparison. */
  private commit(req: Request, state: RequestState): Promise<void> | undefined {
    const session = req.session as Request['session'] | undefined;
    if (!session) return this.takeover?.end(req, state);
    const loaded = stateOf(session);
    const data = this.store.engine.codec.dataOf(session);
    const changed = loaded
      ? this.store.engine.codec.text(data) !== loaded.seen.text
      : Object.keys(data).some((key) => key !== 'cookie');
    if (!changed) return undefined;
    this.store.engine.codec.checkNesting(data);
    return saveSession(session);
  }
}
