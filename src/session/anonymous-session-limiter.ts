/** Who is about to get a session without having logged in. */
export interface Visitor {
  /** The client's address, as `req.ip` has it. */
  ip: string;
}

/**
 * Port: how many new anonymous sessions a client may have. Asked once, right before one is made for a request; sessions
 * of users and anonymous ones that are there already are not its business.
 */
export abstract class AnonymousSessionLimiter {
  /**
   * Counts one more, or refuses it by throwing; then no session is made and the answer is the error's.
   * @throws an error with `toProblem()`, such as TooManyAttemptsError, or SessionStoreUnavailableError
   */
  abstract admit(visitor: Visitor): Promise<void>;
}
