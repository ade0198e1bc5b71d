import type { SecurityEvent, SecurityEventType } from '../auth/index.js';

/** A security event as the trail keeps it. */
export interface StoredEvent extends SecurityEvent {
  id: string;
  /** When it was recorded, ISO 8601 UTC. */
  at: string;
}

/** Which events to list. Filters left out do not filter. */
export interface EventSearch {
  /** Only events about this user's account. */
  userId?: string | undefined;
  type?: SecurityEventType | undefined;
  /** At most this many; 1 to 100. */
  limit: number;
  /** `nextCursor` of the page before, unchanged. Undefined: the newest events. */
  cursor?: string | undefined;
}

/** One page of events, newest first; `nextCursor` is null on the last one. */
export interface EventPage {
  items: StoredEvent[];
  nextCursor: string | null;
}

/** Port: the trail of security events, read. `SecurityEvents` of auth/ writes it. */
export abstract class EventDirectory {
  /**
   * Events, newest first. Following the cursors shows each event at most once, also while new ones arrive.
   * @throws InvalidCursorError the cursor is not one that this directory handed out
   */
  abstract list(search: EventSearch): Promise<EventPage>;

  /**
   * How many events of each type were recorded at or after `sinceMs` (ms since the epoch). Every type asked for is in
   * the result, with 0 when there was none.
   */
  abstract countSince(types: readonly SecurityEventType[], sinceMs: number): Promise<Record<string, number>>;

  /** The event of this id, or null. Without this and `listFrom`, `GET /admin/live` has no `trail`. */
  find?(eventId: string): Promise<StoredEvent | null>;

  /**
   * Events of all users by time and id, oldest first.
   * @param from those recorded at or after `atMs` (ms since the epoch); with an `id`, those behind that event
   */
  listFrom?(from: { atMs: number; id?: string }, limit: number): Promise<StoredEvent[]>;

  /**
   * How many events of each type there were in each stretch of time since `sinceMs` that had any; one that stands for
   * several counts as so many. Without this there is no `GET /admin/stats/history`.
   * @param stretchMs how long each is; `atMs` of the result is a multiple of it
   */
  countByTime?(
    types: readonly SecurityEventType[],
    sinceMs: number,
    stretchMs: number,
  ): Promise<{ atMs: number; type: SecurityEventType; events: number }[]>;
}
