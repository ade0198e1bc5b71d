/** A one-time token as it is kept. The token cannot be made from it. */
export interface OneTimeTokenRecord {
  /** What it is for and whom: letters, digits and `_ - :`, at most 64 characters. There is one record in a slot. */
  slot: string;
  /** SHA-256 of the token, base64url, 43 characters. */
  digest: string;
  /** What the token stands for, JSON. Of a registration it holds the hash of the password that was chosen. */
  payload: string;
}

/**
 * Port: keeps the tokens that are sent by mail, for confirming a registration and for resetting a password. The program
 * brings one on SQL; a host takes `new RedisOneTimeTokenStore({ client })` or brings its own. A store that cannot answer
 * rejects; it never answers «no such token» instead.
 */
export abstract class OneTimeTokenStore {
  /** Keeps a record for `lifetimeMs`, in place of any other of its slot. */
  abstract put(record: OneTimeTokenRecord, lifetimeMs: number): Promise<void>;

  /** The payload of a record that has not expired; null when the slot has none of this digest. */
  abstract find(slot: string, digest: string): Promise<string | null>;

  /** As `find`, and removes the record in the same step: of several callers at once, exactly one gets it. */
  abstract take(slot: string, digest: string): Promise<string | null>;
}
