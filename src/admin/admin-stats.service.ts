import { Inject, Injectable } from '@nestjs/common';
import type { SecurityEventType } from '../auth/index.js';
import { SessionService } from '../session/index.js';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';

const DAY_MS = 24 * 60 * 60_000;

/** What counts as a login, and so on: types of events. */
export const LOGINS = ['login.succeeded'] as const satisfies SecurityEventType[];
export const FAILED_LOGINS = ['login.failed'] as const satisfies SecurityEventType[];
export const THROTTLED_LOGINS = ['login.throttled'] as const satisfies SecurityEventType[];
export const REVOCATIONS = [
  'session.revoked',
  'sessions.revoked',
  'user.disabled',
  'password.changed',
] as const satisfies SecurityEventType[];

/** How much goes on. */
export interface AdminStats {
  /** Live sessions of users; one that was ended a moment ago may still be counted. */
  liveSessions: number;
  usersWithSessions: number;
  /** Accounts, disabled ones included. */
  users: number;
  /** Logins of the last 24 hours, those that came with a registration included. */
  logins: number;
  /** Logins of the last 24 hours that were refused because of the credentials. */
  failedLogins: number;
  /** Acts of the last 24 hours that ended sessions other than by logging out; each counts once, however many it ended. */
  revocations: number;
}

/** Counts for the admin's first page. */
@Injectable()
export class AdminStatsService {
  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: AdminModuleOptions,
    private readonly sessions: SessionService,
  ) {}

  async stats(): Promise<AdminStats> {
    const types = [...LOGINS, ...FAILED_LOGINS, ...REVOCATIONS];
    const [sessions, users, counts] = await Promise.all([
      this.sessions.stats(),
      this.options.users.count(),
      this.options.events.countSince(types, Date.now() - DAY_MS),
    ]);
    const sum = (group: readonly SecurityEventType[]) =>
      group.reduce((total, type) => total + (counts[type] ?? 0), 0);
    return {
      liveSessions: sessions.liveSessions,
      usersWithSessions: sessions.usersWithSessions,
      users,
      logins: sum(LOGINS),
      failedLogins: sum(FAILED_LOGINS),
      revocations: sum(REVOCATIONS),
    };
  }
}
