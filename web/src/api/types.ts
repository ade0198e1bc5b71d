/** What the API answers, as docs/http-api.md has it. Times are ISO 8601 texts in UTC. */

export interface User {
  id: string;
  email: string;
  displayName: string | null;
  roles: string[];
  disabled: boolean;
  createdAt: string;
}

export interface Session {
  id: string;
  current: boolean;
  createdAt: string;
  authenticatedAt: string;
  lastSeenAt: string;
  /** When it ends unless it is used before. */
  expiresAt: string;
  /** When it ends whatever happens. */
  absoluteExpiresAt: string;
  ip: string;
  userAgent: string;
  device: { browser: string | null; os: string | null; type: string };
}

/** Who is logged in here, and in which session. */
export interface LoggedIn {
  user: User;
  session: Session;
}

export interface SessionList {
  items: Session[];
  total: number;
}

/** The list once a session has ended. */
export function withoutSession({ items }: SessionList, id: string): SessionList {
  const left = items.filter((session) => session.id !== id);
  return { items: left, total: left.length };
}

/** One page of a listing; `nextCursor` asks for the next one, null on the last. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Revoked {
  revoked: number;
  durable?: boolean;
}

export interface SecurityEvent {
  id: string;
  at: string;
  type: string;
  userId: string | null;
  actorId: string | null;
  sessionId?: string;
  ip?: string;
  userAgent?: string;
  requestId?: string;
  detail?: Record<string, string | number | boolean | string[]>;
}

/** Logins, failures and revocations are those of the last 24 hours. */
export interface Stats {
  liveSessions: number;
  usersWithSessions: number;
  users: number;
  logins: number;
  failedLogins: number;
  revocations: number;
}

/** What happened in one span of time; `liveSessions` is null where nobody counted them. */
export interface Bucket {
  at: string;
  liveSessions: number | null;
  logins: number;
  failedLogins: number;
  throttledLogins: number;
  revocations: number;
}

export interface History {
  bucketMinutes: number;
  items: Bucket[];
}

export interface Operation {
  state: 'running' | 'done';
  revoked: number;
}
