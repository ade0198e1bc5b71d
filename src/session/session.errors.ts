import { ProblemException, type ProblemCode } from '../problem/index.js';
import type { SessionView } from './session.types.js';

/** Base of everything that the session module refuses or fails with. Below HTTP it is a plain `Error`. */
export abstract class SessionError extends Error {
  protected abstract readonly code: ProblemCode;

  /** The answer over HTTP, as in docs/http-api.md. */
  toProblem(): ProblemException {
    return new ProblemException(this.code, { detail: this.message, cause: this });
  }
}

/** Redis did not answer, or not in time. Says nothing about whether the session is live: unknown is not «no». */
export class SessionStoreUnavailableError extends SessionError {
  protected readonly code = 'SESSION_STORE_UNAVAILABLE';

  constructor(options?: { cause?: unknown }) {
    super('The session store does not answer. Nothing was changed that was acknowledged.', options);
  }

  override toProblem(): ProblemException {
    return new ProblemException(this.code, {
      detail: 'The session store does not answer. Try again.',
      retryAfterSeconds: 1,
      cause: this,
    });
  }
}

/** The session was revoked, logged out or expired before this request could save it. */
export class SessionEndedError extends SessionError {
  protected readonly code = 'SESSION_ENDED';

  constructor() {
    super('This session has ended. Log in again.');
  }
}

/** The session was changed by another request and the changes could not be brought together. */
export class SessionConflictError extends SessionError {
  protected readonly code = 'SESSION_CONFLICT';

  constructor() {
    super('The session was changed by another request at the same time. Repeat this one.');
  }
}

/** A login has taken this anonymous session over, or it goes on under another id; the client has a new one by now. */
export class SessionMovedError extends SessionError {
  protected readonly code = 'SESSION_MOVED';

  constructor() {
    super('This session has gone on under another id. Repeat the request with the new session.');
  }
}

/** The session's data would be larger than the program allows. */
export class SessionTooLargeError extends SessionError {
  protected readonly code = 'SESSION_TOO_LARGE';

  constructor(readonly maxBytes: number) {
    super(`A session holds at most ${maxBytes} bytes.`);
  }
}

/** The session's data would be nested deeper than anything that walks through it could follow. */
export class SessionTooDeepError extends SessionError {
  protected readonly code = 'SESSION_TOO_LARGE';

  constructor(readonly maxNesting: number) {
    super(`The data of a session is nested at most ${maxNesting} levels deep.`);
  }
}

/** The user has as many sessions as he may have, and the policy is to refuse another. */
export class TooManySessionsError extends SessionError {
  protected readonly code = 'TOO_MANY_SESSIONS';

  constructor(readonly sessions: SessionView[]) {
    super('This account has as many sessions as it may have. Name one to end as revokeSessionId.');
  }

  override toProblem(): ProblemException {
    return new ProblemException(this.code, {
      detail: this.message,
      extensions: { sessions: this.sessions },
      cause: this,
    });
  }
}

/** The user's sessions were all revoked while this login was checking credentials (guarantee G2). */
export class StaleLoginError extends SessionError {
  protected readonly code = 'INVALID_CREDENTIALS';

  constructor() {
    super('The credentials were checked before all sessions of this user were revoked.');
  }

  override toProblem(): ProblemException {
    return new ProblemException(this.code, { cause: this });
  }
}

/**
 * The answer would have to set a Secure cookie, and the request does not look like https: the browser would get none.
 * A fault of the configuration; the message says what to do, the answer does not.
 */
export class InsecureTransportError extends SessionError {
  protected readonly code = 'INSECURE_TRANSPORT';

  constructor() {
    super(
      'The session cookie is Secure, but this request did not come by https as far as the application can tell, so that ' +
        "no cookie can be set. Behind a proxy that ends TLS, have it send X-Forwarded-Proto and set Express's 'trust " +
        "proxy' to its address or network (TRUSTED_PROXIES). For plain http in development, set cookie: { name: 'sid', " +
        'secure: false } in SessionModule.',
    );
  }

  override toProblem(): ProblemException {
    return new ProblemException(this.code, { cause: this });
  }
}

/** A user was put into a session whose id does not belong to that user: fixation, or an id of the host's own. */
export class SessionUserMismatchError extends SessionError {
  protected readonly code = 'INTERNAL_ERROR';

  constructor() {
    super(
      'The session id does not belong to the user in the session. Log people in through AuthService.establishSession ' +
        'or SessionService.establish, or make the id with createSessionId(userId).',
    );
  }

  override toProblem(): ProblemException {
    return new ProblemException(this.code, { cause: this });
  }
}
