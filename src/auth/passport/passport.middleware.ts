import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import {
  requestSession,
  type RequestSession,
  type SessionPrincipal,
  SessionService,
  snapshotOf,
} from '../../session/index.js';
import { AuthService } from '../auth.service.js';
import { LocalStrategy } from './local.strategy.js';
import { UserLoader } from './user-loader.js';
import { PassportSessions } from './passport-sessions.js';

type Deserialize = (principal: unknown, req: Request, done: (error: unknown, user?: unknown) => void) => void;

/**
 * Gives requests what Passport promises: `req.user` and `req.isAuthenticated()`. The user comes from the session that
 * SessionModule has loaded, brought up to date from Redis; the database is not asked, unless the host's `loadUser` does.
 */
@Injectable()
export class PassportMiddleware implements NestMiddleware<Request, Response> {
  private readonly initialize: RequestHandler;
  private readonly deserialize: Deserialize;

  constructor(
    { authenticator }: LocalStrategy,
    auth: AuthService,
    sessions: SessionService,
    private readonly users: UserLoader,
  ) {
    authenticator.serializeUser((user, done) => done(null, snapshotOf(user as SessionPrincipal)));
    authenticator.deserializeUser((principal: SessionPrincipal, done) =>
      done(null, principal.disabled ? false : principal),
    );
    const sessionManager = new PassportSessions(authenticator, {
      logIn: (req, user) => auth.establishSession(req, user),
      logOut: (req) => sessions.end(req),
    });
    // Passport has no option for it, but reads it from here wherever it needs one.
    Object.assign(authenticator, { _sm: sessionManager });
    this.initialize = authenticator.initialize({ compat: false });
    this.deserialize = authenticator.deserializeUser.bind(authenticator) as Deserialize;
  }

  use(req: Request, res: Response, next: NextFunction): void {
    void this.initialize(req, res, (error?: unknown) => {
      const session = requestSession(req);
      if (error || !session) {
        next(error);
        return;
      }
      this.deserialize(session.principal, req, (failure, user) => {
        if (user) req.user = user;
        if (user && this.users.active) this.loadUser(req, session).then(next, next);
        else next(failure);
      });
    });
  }

  private async loadUser(req: Request, session: RequestSession): Promise<void> {
    req.user = await this.users.load(session.principal, req);
    // The guards see what they would see if the account had been disabled.
    if (!req.user) session.principal = { ...session.principal, disabled: true };
  }
}
