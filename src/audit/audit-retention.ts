import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { describeError } from '../problem/index.js';
import { AUDIT_OPTIONS, type AuditModuleOptions } from './audit.module-definition.js';
import { AuditRepository } from './audit.repository.js';

const DEFAULT_DAYS = 365;
const DAY_MS = 86_400_000;
const INTERVAL_MS = 3_600_000;
/** A statement deletes no more than this, so that logins do not wait for it on SQLite. */
const CHUNK = 500;
/** A round leaves the rest to the next one. */
const MAX_CHUNKS = 100;

/** Deletes events that are older than they may become: at start and every hour, on every node. */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Audit');
  private readonly retentionMs: number;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> | undefined;
  private stopping = false;

  constructor(
    private readonly events: AuditRepository,
    @Inject(AUDIT_OPTIONS) options: AuditModuleOptions,
  ) {
    const { retentionDays = DEFAULT_DAYS } = options;
    // A negative number would delete what is written next.
    if (!(retentionDays >= 0)) throw new RangeError('retentionDays must be 0 or more.');
    this.retentionMs = retentionDays * DAY_MS;
  }

  onApplicationBootstrap(): void {
    if (this.retentionMs === 0) return;
    const round = (): void => {
      this.running = this.deleteOld().catch((error: unknown) => {
        this.logger.error(`old events stay for now: ${describeError(error)}`);
      });
    };
    this.timer = setInterval(round, INTERVAL_MS).unref();
    round();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping = true;
    await this.running;
  }

  /** @returns how many events were deleted */
  async deleteOld(nowMs = Date.now()): Promise<number> {
    let deleted = 0;
    for (let chunk = 0; chunk < MAX_CHUNKS && !this.stopping; chunk += 1) {
      const count = await this.events.deleteBefore(nowMs - this.retentionMs, CHUNK);
      deleted += count;
      if (count < CHUNK) break;
      // SQLite works on this thread; requests get their turn.
      await nextTurn();
    }
    return deleted;
  }
}
