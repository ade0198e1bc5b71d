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
}
