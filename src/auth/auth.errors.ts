import { ProblemException } from '../problem/index.js';

/** The e-mail belongs to an account already. */
export class EmailTakenError extends Error {
  constructor(options?: { cause?: unknown }) {
    super('An account with this e-mail exists already.', options);
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return new ProblemException('EMAIL_TAKEN', { cause: this });
  }
}

/** There is no user with this id. */
export class UnknownUserError extends Error {
  constructor() {
    super('There is no such user.');
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return new ProblemException('USER_NOT_FOUND', { cause: this });
  }
}

/** Another password change was faster than this one. */
export class PasswordChangedError extends Error {
  constructor() {
    super('The password was changed in the meantime.');
  }

  /** The answer over HTTP: what the client sent as its present password is not that any more. */
  toProblem(): ProblemException {
    return new ProblemException('INVALID_CREDENTIALS', { cause: this });
  }
}

/** A new password that cannot be used. The message says why, for the person who chose it, and never quotes it. */
export class PasswordTooWeakError extends Error {
  /** @param path the field of the input that held the password, as in the `errors` of a validation problem */
  constructor(
    reason: string,
    readonly path = 'password',
  ) {
    super(reason);
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    const errors = [{ path: this.path, message: this.message }];
    return new ProblemException('PASSWORD_TOO_WEAK', {
      detail: this.message,
      extensions: { errors },
      cause: this,
    });
  }
}

/** A token from a mail that is wrong, was used, has expired or stands for something that cannot be done any more. */
export class InvalidTokenError extends Error {
  constructor(options?: { cause?: unknown }) {
    super('This token cannot be used.', options);
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return new ProblemException('INVALID_TOKEN', { cause: this });
  }
}

/** More passwords are waiting to be hashed than this process takes on. */
export class LoginBusyError extends Error {
  /** @param retryAfterSeconds until those that wait now will have been worked off; rounded up to at least 1 */
  constructor(readonly retryAfterSeconds = 1) {
    super('Too many logins at once.');
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return new ProblemException('LOGIN_BUSY', { retryAfterSeconds: this.retryAfterSeconds, cause: this });
  }
}

/** The client went away while its password waited to be hashed; nothing was hashed for it. */
export class RequestAbandonedError extends Error {
  constructor() {
    super('The client went away before its turn.');
  }

  /** What would be answered if somebody were there to read it. */
  toProblem(): ProblemException {
    return new ProblemException('LOGIN_BUSY', { retryAfterSeconds: 1, cause: this });
  }
}

/** One limit as clients may read it in `RateLimit-Policy`. */
export interface RateLimitPolicy {
  name: string;
  /** How many attempts the window allows. */
  quota: number;
  windowSeconds: number;
}

/** Too many attempts; says the same for known and unknown accounts and for the right password. */
export class TooManyAttemptsError extends Error {
  /**
   * @param retryAfterSeconds whole seconds until the next attempt is looked at
   * @param key what the limit counts, such as one account or one network: refusals with the same policy and key are told
   *   to the trail together. Never shown.
   * @param message for the client; must not depend on whether there is such an account
   */
  constructor(
    readonly policy: RateLimitPolicy,
    readonly retryAfterSeconds: number,
    readonly key = '',
    message = 'Too many attempts. Wait before the next one.',
  ) {
    super(message);
  }

  /** The answer over HTTP, with the header fields of draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4. */
  toProblem(): ProblemException {
    const { name, quota, windowSeconds } = this.policy;
    return new ProblemException('TOO_MANY_ATTEMPTS', {
      detail: this.message,
      retryAfterSeconds: this.retryAfterSeconds,
      headers: {
        'RateLimit-Policy': `"${name}";q=${quota};w=${windowSeconds}`,
        RateLimit: `"${name}";r=0;t=${this.retryAfterSeconds}`,
      },
      cause: this,
    });
  }
}
