/** A revocation as it has to be repeated on a Redis that does not know it. No token; a digest opens nothing. */
export type JournalEntry = {
  /** How long it matters, ms: as long as a session may live that it has ended. */
  forMs: number;
} & (
  | { kind: 'one'; tag: string; digest: string }
  /** `keep`: digest of the session that stayed. */
  | { kind: 'all'; tag: string; generation: number; keep?: string | undefined }
  /** `keep`: key of the record that stayed. */
  | { kind: 'everyone'; epoch: number; keep?: string | undefined }
);

/**
 * Port: keeps revocations where a failover of Redis, or the restore of an old dump, does not reach, so that they can be
 * repeated. The program keeps them in its database.
 */
export abstract class RevocationJournal {
  /**
   * Keeps an entry. Awaited after the revocation is in force and before it is answered. When it rejects, the revocation
   * stands and is reported as `store-failed` of `journal`.
   */
  abstract record(entry: JournalEntry): Promise<void>;

  /** Every entry that matters and was kept at that time or later, ms of the journal's own clock, in chunks. */
  abstract entries(sinceMs: number): AsyncIterable<JournalEntry[]>;

  /** The journal's clock, ms since the epoch: the one that `entries` goes by. */
  abstract nowMs(): Promise<number>;
}
