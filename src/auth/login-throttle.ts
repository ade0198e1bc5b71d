/** What is about to be tried. */
export interface LoginAttempt {
  /**
   * Which call it is. Everything but `register` shares the account's counter. Registering guesses nothing, so `begin`
   * is all that is called for it.
   */
  act: 'login' | 'reauthenticate' | 'change-password' | 'register';
  /** Normalised e-mail of the account, whether it exists or not. */
  account: string;
  /** Address of the client. */
  ip: string;
  /** What the client kept from an earlier login on this device, unverified. */
  deviceToken?: string | undefined;
}

/** One attempt under way. It ends by exactly one of the two calls, or by none when it was neither (an outage). */
export interface ThrottledAttempt {
  /** The password was wrong. @throws TooManyAttemptsError when others of the same account were refused meanwhile */
  failed(): Promise<void>;
  /** The password was right; clears the account's counter. @throws TooManyAttemptsError as `failed`, so that both look the same */
  succeeded(): Promise<void>;
}

/**
 * Port: slows guessing down. `begin` is called before the account is looked up and before anything is hashed, and must
 * neither know nor tell whether the account exists.
 */
export abstract class LoginThrottle {
  /**
   * @throws TooManyAttemptsError the attempt is refused
   * @throws SessionStoreUnavailableError the counters cannot be read: nobody is let in uncounted
   */
  abstract begin(attempt: LoginAttempt): Promise<ThrottledAttempt>;

  /**
   * Forgets what is counted against an account, so that its next attempt is looked at. What is counted against
   * addresses stays.
   * @param account normalised e-mail
   * @throws SessionStoreUnavailableError the counters cannot be reached
   */
  abstract reset(account: string): Promise<void>;
}
