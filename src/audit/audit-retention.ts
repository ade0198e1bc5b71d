import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DeletionRounds } from '../database/index.js';
import { describeError } from '../problem/index.js';
import { AUDIT_OPTIONS, type AuditModuleOptions } from './audit.module-definition.js';
import { AuditRepository } from './audit.repository.js';

const DEFAULT_DAYS = 365;
const DAY_MS = 86_400_000;
const INTERVAL_MS = 3_600_000;

/** Deletes events that are older than they may become: at start and every hour, on every node. */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Audit');
  private readonly retentionMs: number;
  private readonly rounds = new DeletionRounds();

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
    this.rounds.start(
      INTERVAL_MS,
      () => this.deleteOld(),
      (error) => this.logger.error(`old events stay for now: ${describeError(error)}`),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** @returns how many events were deleted */
  async deleteOld(nowMs = Date.now()): Promise<number> {
    return this.rounds.deleteAll((limit) => this.events.deleteBefore(nowMs - this.retentionMs, limit));
  }
}
