import type { Request } from 'express';
import type { Authenticator } from 'passport';
import type { SessionPrincipal } from '../../session/index.js';

type Done = (error?: unknown) => void;
type Options = Record<string, unknown> | Done;
type UserSnapshot = Omit<SessionPrincipal, 'disabled'>;
type Serialize = (user: unknown, req: Request, done: (error: unknown, serialized?: unknown) => void) => void;

/** What `req.logIn` and `req.logOut` of Passport are to do. */
export interface PassportSessionActs {
  logIn(req: Request, user: SessionPrincipal): Promise<unknown>;
  logOut(req: Request): Promise<unknown>;
}

/**
 * Takes the place of Passport's session manager, for hosts whose own strategies end in `req.logIn()`. Passport's would
 * make the new session under an id that is not the user's, and its `logOut` leaves an empty session behind.
 */
export class PassportSessions {
  constructor(
    private readonly authenticator: InstanceType<typeof Authenticator>,
    private readonly acts: PassportSessionActs,
  ) {}

  logIn(req: Request, user: unknown, options: Options, callback?: Done): void {
    const done = typeof options === 'function' ? options : callback;
    (this.authenticator.serializeUser as Serialize)(user, req, (error, serialized) => {
      if (error) done?.(error);
      else settle(this.acts.logIn(req, { ...(serialized as UserSnapshot), disabled: false }), done);
    });
  }

  logOut(req: Request, options: Options, callback?: Done): void {
    settle(this.acts.logOut(req), typeof options === 'function' ? options : callback);
  }
}

function settle(act: Promise<unknown>, done: Done | undefined): void {
  act.then(
    () => done?.(),
    (error: unknown) => done?.(error),
  );
}
