import { randomBytes } from 'node:crypto';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { withinDeadline } from '../database/index.js';
import { describeError } from '../problem/index.js';
import type { JournalEntry, RevocationJournal } from '../session/index.js';
import { JournalRepository, type StoredEntry } from './journal.repository.js';

/** How long an answer waits for its entry to be written. */
const RECORD_TIMEOUT_MS = 1_000;
const RETRY_MS = 1_000;
const CHUNK = 500;
/** About ten megabytes. */
const MOST_WAITING = 50_000;
const LOG_INTERVAL_MS = 10_000;

/**
 * The journal of revocations in the program's database. An entry that the database does not take within a second is kept
 * in memory, with all that follow, and written when it is there again: a logout needs Redis only.
 */
@Injectable()
export class SqlRevocationJournal implements RevocationJournal, BeforeApplicationShutdown {
  private readonly logger = new Logger('Journal');
  private readonly waiting = new Map<string, JournalEntry>();
  private timer: NodeJS.Timeout | undefined;
  private draining: Promise<void> | undefined;
  private dropped = 0;
  private droppedLogMs = -Infinity;

  constructor(private readonly journal: JournalRepository) {}

  /** Never rejects. @see RevocationJournal.record */
  async record(entry: JournalEntry): Promise<void> {
    const id = randomBytes(16).toString('base64url');
    if (this.waiting.size > 0) return this.keep(id, entry);
    try {
      await withinDeadline(RECORD_TIMEOUT_MS, this.journal.insert(id, entry));
    } catch (error) {
      this.logger.error(`revocations wait to get into the journal: ${describeError(error)}`);
      this.keep(id, entry);
    }
  }

  /** @see RevocationJournal.entries @throws DatabaseUnavailableError */
  async *entries(sinceMs: number): AsyncGenerator<JournalEntry[]> {
    let last: StoredEntry | undefined;
    do {
      const chunk = await this.journal.list(sinceMs, CHUNK, last);
      if (chunk.length > 0) yield chunk.map(({ entry }) => entry);
      last = chunk.length === CHUNK ? chunk.at(-1) : undefined;
    } while (last);
    // This node's own; the others repeat theirs themselves.
    if (this.waiting.size > 0) yield [...this.waiting.values()];
  }

  /** @see RevocationJournal.nowMs @throws DatabaseUnavailableError */
  async nowMs(): Promise<number> {
    return this.journal.nowMs();
  }

  /** Tries once more to write what waits, and says what is lost. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.draining;
    await this.drain();
    clearTimeout(this.timer);
    const missing = this.waiting.size + this.dropped;
    if (missing > 0) this.logger.error(`${missing} revocations have not got into the journal`);
  }

  private keep(id: string, entry: JournalEntry): void {
    if (this.waiting.size < MOST_WAITING) this.waiting.set(id, entry);
    else this.drop();
    this.plan();
  }

  private drop(): void {
    this.dropped += 1;
    const nowMs = performance.now();
    if (nowMs - this.droppedLogMs < LOG_INTERVAL_MS) return;
    this.droppedLogMs = nowMs;
    this.logger.error(`too many revocations wait: ${this.dropped} will never get into the journal`);
  }

  // One at a time: what comes meanwhile is written by the one that is under way, or plans the next one at its end.
  private plan(): void {
    if (this.draining) return;
    this.timer ??= setTimeout(() => void this.drain(), RETRY_MS).unref();
  }

  private drain(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.draining ??= this.write().finally(() => {
      this.draining = undefined;
      if (this.waiting.size > 0) this.plan();
    });
    return this.draining;
  }

  private async write(): Promise<void> {
    try {
      for (const [id, entry] of this.waiting) {
        await withinDeadline(RECORD_TIMEOUT_MS, this.journal.insert(id, entry));
        this.waiting.delete(id);
        if (this.waiting.size === 0) this.logger.log('every revocation is in the journal again');
      }
    } catch {
      // Once more, later.
    }
  }
}
