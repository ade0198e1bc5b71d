/** Time columns are milliseconds since the epoch; flags are 0 or 1, so that one schema serves SQLite and PostgreSQL. */
export type Flag = 0 | 1;

export interface UsersTable {
  /** Opaque: 128 random bits, base64url. */
  id: string;
  /** Normalised, unique. */
  email: string;
  display_name: string | null;
  /** A PHC string. */
  password_hash: string;
  /** JSON array, sorted, without repetition. */
  roles: string;
  /** Whether `roles` holds the admin role; kept beside it because it has an index. */
  is_admin: Flag;
  disabled: Flag;
  /** Counts the changes; sessions believe the principal with the highest. */
  version: number;
  /** E-mail and name in lower case, for finding people the same way on every database. */
  search_text: string;
  created_at: number;
  updated_at: number;
}

/** What a committed change still has to do to the user's sessions in Redis. */
export interface SessionOutboxTable {
  id: string;
  user_id: string;
  kind: 'principal' | 'disable' | 'password';
  /** No worker touches the row before: whoever set it is at work on it. Milliseconds by the database's clock. */
  not_before: number;
  created_at: number;
}

export interface AuditEventsTable {
  /** Sorts by time of writing within one process. */
  id: string;
  at: number;
  type: string;
  user_id: string | null;
  actor_id: string | null;
  session_id: string | null;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  /** JSON object. */
  detail: string | null;
  /** How many events a row stands for that stands for several; null for all others. */
  count: number | null;
}

/** Tokens that were sent by mail and can be used once; see OneTimeTokenStore. */
export interface OneTimeTokensTable {
  /** What for and for whom. */
  slot: string;
  /** SHA-256 of the token. */
  digest: string;
  /** JSON object. */
  payload: string;
  /** By the database's clock. */
  expires_at: number;
}

/** Revocations, to be repeated when Redis has lost them; see RevocationJournal. Times are of the database's clock. */
export interface RevocationJournalTable {
  id: string;
  at: number;
  /** From when on no session can be affected any more. */
  expires_at: number;
  kind: 'one' | 'all' | 'everyone';
  /** Of the user; null for everyone. */
  tag: string | null;
  /** SHA-256 of the token of the session that ended; for `all` of the one that stayed, for `everyone` its key. */
  digest: string | null;
  /** For `all` the generation, for `everyone` the epoch. */
  value: number | null;
}

/** How many sessions were live, by quarters of an hour. */
export interface SessionSamplesTable {
  /** Beginning of the quarter. */
  at: number;
  /** Null while it is being counted. */
  live_sessions: number | null;
}

export interface Schema {
  users: UsersTable;
  session_outbox: SessionOutboxTable;
  audit_events: AuditEventsTable;
  one_time_tokens: OneTimeTokensTable;
  revocation_journal: RevocationJournalTable;
  session_samples: SessionSamplesTable;
}
