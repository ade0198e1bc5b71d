import { createHash } from 'node:crypto';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Request } from 'express';
import { describeError } from '../../problem/index.js';
import type { TooManyAttemptsError } from '../auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { liveSession } from '../guards/live-session.js';
import type { LoginAttempt } from '../login-throttle.js';
import type { SecurityEvent } from '../security-events.js';
import { originOf, SecurityRecorder } from '../security-recorder.js';

/** One row of the trail for everything that is refused for one reason in one window of time. */
const WINDOW_MS = 15 * 60_000;
const WRITE_INTERVAL_MS = 10_000;
/** Of one process and window; what comes on top is one row per limit, whoever it is about. */
const MOST_ROWS = 100;

/** Limits that count one account, so that the trail can say whose. */
const ACCOUNT_LIMITS = new Set(['account', 'device', 'mail']);

interface Row {
  event: SecurityEvent;
  /** Normalised e-mail of the account that is being tried, until it is known whose it is. */
  account: string | undefined;
  /** Refusals that the trail does not know of yet. */
  unwritten: number;
  endsMs: number;
}

/**
 * What the trail learns of refused attempts: one row per limit, key and quarter of an hour, with a count. The first
 * refusal is written before it is answered; the following ones are counted and written every ten seconds, so an attack
 * costs the database no more than a handful of statements. What a process that is killed has counted and not written is
 * lost; its rows are not.
 */
@Injectable()
export class ThrottleTrail implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('SecurityEvents');
  private readonly rows = new Map<string, Row>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'userStore' | 'events'>,
    private readonly recorder: SecurityRecorder,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.write(), WRITE_INTERVAL_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.write();
  }

  /** Resolves when the refusal is recorded, or counted with others of its kind that are. Never rejects. */
  async note(req: Request, { act, account }: LoginAttempt, error: TooManyAttemptsError): Promise<void> {
    if (!this.options.events) return;
    const limit = error.policy.name;
    const window = Math.floor(Date.now() / WINDOW_MS);
    const own = rowId(limit, error.key, window);
    const id = this.rows.has(own) || this.rows.size < MOST_ROWS ? own : rowId(limit, undefined, window);
    const row = this.rows.get(id);
    if (row) {
      row.unwritten += 1;
      return;
    }
    const userId = liveSession(req)?.userId ?? null;
    const refused = { type: 'login.throttled', userId, actorId: userId } as const;
    const event: SecurityEvent =
      id === own
        ? { ...originOf(req), ...refused, detail: { act, limit } }
        : { ...refused, userId: null, actorId: null, detail: { limit, various: true } };
    const aboutAccount = id === own && userId === null && ACCOUNT_LIMITS.has(limit);
    this.rows.set(id, {
      event,
      account: aboutAccount ? account : undefined,
      unwritten: 0,
      endsMs: (window + 1) * WINDOW_MS,
    });
    await this.recorder.write({ ...event, repeat: { id, count: 1 } });
  }

  /** Brings the trail up to date, and forgets the rows of windows that are over. */
  async write(): Promise<void> {
    const nowMs = Date.now();
    for (const [id, row] of this.rows) {
      if (row.endsMs <= nowMs) this.rows.delete(id);
      const count = row.unwritten;
      row.unwritten = 0;
      const userId = await this.ownerOf(row);
      if (count === 0 && userId === null) continue;
      await this.recorder.write({
        ...row.event,
        userId: userId ?? row.event.userId,
        repeat: { id, count },
      });
    }
  }

  /**
   * Whose account a row is about, once. Not before the refusal is answered: looking it up would make the refusal of a
   * known name another one than that of an unknown.
   */
  private async ownerOf(row: Row): Promise<string | null> {
    if (row.account === undefined) return null;
    try {
      const user = await this.options.userStore.findByEmail(row.account);
      row.account = undefined;
      return user?.id ?? null;
    } catch (error) {
      this.logger.warn(`whose account was throttled stays open for now: ${describeError(error)}`);
      return null;
    }
  }
}

/** The same on every node, so that what several of them refuse is one row. */
function rowId(limit: string, key: string | undefined, window: number): string {
  const text = [limit, window, ...(key === undefined ? [] : [key])].join('\0');
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
