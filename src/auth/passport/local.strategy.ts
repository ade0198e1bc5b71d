import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request, Response } from 'express';
import { Authenticator } from 'passport';
import { Strategy } from 'passport-local';
import { abandonment } from '../abandonment.js';
import { type LoginTicket, onStoreBudget, type SessionPrincipal } from '../../session/index.js';
import { CredentialsService, type CredentialsVerdict } from '../credentials.service.js';

/** What Passport hands on beside the user. */
interface LoginCheck {
  verdict: CredentialsVerdict;
  ticket: LoginTicket;
}

/**
 * passport-local over CredentialsService: `email` and `password` from the body. It lives in an Authenticator of its
 * own, not in Passport's global one, where a second application in the process would replace it.
 */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  // Set while the base class is being constructed; an initialiser would run after that and undo it.
  declare authenticator: InstanceType<typeof Authenticator>;

  constructor(private readonly credentials: CredentialsService) {
    super({ usernameField: 'email', passwordField: 'password', passReqToCallback: true });
  }

  async validate(
    req: Request,
    email: string,
    password: string,
  ): Promise<[SessionPrincipal | false, LoginCheck]> {
    const check = await this.credentials.verifyLogin(email, password, abandonment(req), (step) =>
      onStoreBudget(req, step),
    );
    return [check.verdict.valid ? check.verdict.user : false, check];
  }

  /** Runs Passport over a request whose body has been validated; makes no session. @throws what the check throws */
  authenticateLogin(req: Request): Promise<LoginCheck> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null, _user?: unknown, check?: unknown) =>
        error ? reject(error) : resolve(check as LoginCheck);
      const authenticate = this.authenticator.authenticate('local', { session: false }, done) as (
        req: Request,
        res: Response | undefined,
        next: (error?: Error | null) => void,
      ) => void;
      authenticate(req, req.res, done);
    });
  }

  getPassportInstance(): InstanceType<typeof Authenticator> {
    this.authenticator = new Authenticator();
    return this.authenticator;
  }
}
