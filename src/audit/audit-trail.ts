import { Injectable, Logger } from '@nestjs/common';
import {
  InvalidCursorError,
  type EventDirectory,
  type EventPage,
  type EventSearch,
  type StoredEvent,
} from '../admin/index.js';
import type { SecurityEvent, SecurityEvents, SecurityEventType } from '../auth/index.js';
import { decodeCursor, encodeCursor, withinDeadline } from '../database/index.js';
import { describeError } from '../problem/index.js';
import { AuditRepository } from './audit.repository.js';

/** How long an answer waits for its event to be written. */
const RECORD_TIMEOUT_MS = 2_000;
const MAX_PAGE = 100;

/** The trail of security events in the program's database. */
@Injectable()
export class AuditTrail implements SecurityEvents, EventDirectory {
  private readonly logger = new Logger('Audit');
  /** Events that this process could not write; they are in the log. */
  failures = 0;

  constructor(private readonly events: AuditRepository) {}

  /**
   * Resolves when the event is stored, so an event whose request was answered is not lost. Never rejects: a logout
   * needs Redis only and has taken effect by now. An event that the database did not confirm within two seconds goes
   * to the log as an error, whole.
   */
  async record(event: SecurityEvent): Promise<void> {
    try {
      await withinDeadline(RECORD_TIMEOUT_MS, this.events.insert(event));
    } catch (error) {
      this.failures += 1;
      this.logger.error(`not in the trail: ${JSON.stringify(event)} because ${describeError(error)}`);
    }
  }

  /**
   * @see EventDirectory.list
   * @throws InvalidCursorError
   * @throws DatabaseUnavailableError
   */
  async list(search: EventSearch): Promise<EventPage> {
    const limit = Math.min(Math.max(1, Math.floor(search.limit)), MAX_PAGE);
    const after = search.cursor === undefined ? undefined : decodeCursor(search.cursor);
    if (after === null) throw new InvalidCursorError();
    // One more than asked for tells whether there is a next page.
    const found = await this.events.list(search, limit + 1, after);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const nextCursor =
      last && found.length > limit ? encodeCursor({ at: Date.parse(last.at), id: last.id }) : null;
    return { items, nextCursor };
  }

  /** @see EventDirectory.countSince @throws DatabaseUnavailableError */
  async countSince(types: readonly SecurityEventType[], sinceMs: number): Promise<Record<string, number>> {
    const counted = await this.events.countSince(types, sinceMs);
    return Object.fromEntries(types.map((type) => [type, counted[type] ?? 0]));
  }

  /** @see EventDirectory.find @throws DatabaseUnavailableError */
  async find(eventId: string): Promise<StoredEvent | null> {
    return this.events.find(eventId);
  }

  /** @see EventDirectory.listFrom @throws DatabaseUnavailableError */
  async listFrom(from: { atMs: number; id?: string }, limit: number): Promise<StoredEvent[]> {
    return this.events.listFrom(from, limit);
  }

  /** @see EventDirectory.countByTime @throws DatabaseUnavailableError */
  async countByTime(
    types: readonly SecurityEventType[],
    sinceMs: number,
    stretchMs: number,
  ): Promise<{ atMs: number; type: SecurityEventType; events: number }[]> {
    return this.events.countByTime(types, sinceMs, stretchMs);
  }
}
