/**
 * Port: whether a password is known from a breach. Optional, and asked beside the offline lists, never instead of them.
 * When it rejects or takes too long the password is taken: an outage of somebody else's service must not keep people
 * from replacing a stolen password.
 * @see NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, requirement 6.2.12
 */
export abstract class BreachedPasswords {
  /**
   * Whether the password is known.
   * @param password normalised, as it would be hashed
   * @param signal aborted when nobody waits for the answer any more
   */
  abstract isBreached(password: string, signal: AbortSignal): Promise<boolean>;
}
