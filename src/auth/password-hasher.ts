/**
 * Port: turns passwords into PHC strings and checks them. `Argon2Hasher` is the default. Passwords arrive normalised
 * (`normalisePassword`) and no longer than 256 code points. Whatever hasher it is, AuthModule bounds how many of
 * its hashes run at a time; `signal` is aborted when nobody waits for the result any more, and may be ignored.
 */
export abstract class PasswordHasher {
  /** A salted hash of the password, in PHC string format. */
  abstract hash(password: string, signal?: AbortSignal): Promise<string>;

  /** Whether the password made this hash. An unreadable hash is `false`, never an exception that names it. */
  abstract verify(hash: string, password: string, signal?: AbortSignal): Promise<boolean>;

  /** Whether the hash was made with other parameters than today's, so that the next login should replace it. */
  abstract needsRehash(hash: string): boolean;
}
