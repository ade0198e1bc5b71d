/** What is about to be tried. */
export interface LoginAttempt {
  /**
   * Which call it is. Everything but `register` and `request-reset` shares the account's counter; those two guess nothing,
   * but may send a mail, and are counted when they begin, however they end.
   */
  act: 'login' | 'reauthenticate' | 'change-password' | 'register' | 'request-reset';
  /** Normalised e-mail of the account, whether it exists or not. */
  account: string;
  /** Address of the client. */
  ip: string;
  /** What the client kept from an earlier login on this device, unverified. */
  deviceToken?: string | undefined;
  /** Handle of the session in which a password is asked for again. */
  sessionId?: string | undefined;
}

/** What follows from a failure. */
export interface FailedAttempt {
  /** The session that the attempt was made in has had too many, and must end. */
  endSession: boolean;
}

/** What follows from a success. */
export interface AcceptedAttempt {
  /**
   * For the client to keep and to send with its next login, so that this device is known then. It opens nothing.
   * Undefined when the throttle knows no devices.
   */
  deviceToken?: string | undefined;
  /** Whether the device was known before; undefined when the throttle knows no devices. */
  knownDevice?: boolean | undefined;
}

/** One attempt under way. It ends by exactly one of the two calls, or by none when it was neither (an outage). */
export interface ThrottledAttempt {
  /** The password was wrong. @throws TooManyAttemptsError when others that were let in with it have used the limit up */
  failed(): Promise<FailedAttempt>;
  /** The password was right; clears the counter. @throws TooManyAttemptsError as `failed`, so that both look the same */
  succeeded(): Promise<AcceptedAttempt>;
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
   * Forgets what is counted against an account and its devices, so that its next attempt is looked at, also after a
   * stop that no waiting ends. What is counted against addresses stays.
   * @param account normalised e-mail
   * @throws SessionStoreUnavailableError the counters cannot be reached
   */
  abstract reset(account: string): Promise<void>;

  /**
   * Makes every device of an account unknown: its password is being changed. Logins under way are covered: what they
   * bring in `deviceToken` is not known any more.
   * @param account normalised e-mail
   * @returns a token for the device on which it is changed
   * @throws SessionStoreUnavailableError the devices cannot be reached
   */
  abstract forgetDevices(account: string): Promise<AcceptedAttempt>;
}
