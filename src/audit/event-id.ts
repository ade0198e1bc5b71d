import { randomBytes } from 'node:crypto';

let last = 0;
let sequence = 0;

/**
 * A unique id for an event. Ids of one process sort in the order they were made, so that events of the same
 * millisecond are listed in the order they happened.
 *
 * @param atMs when the event happened, ms since the epoch
 */
export function nextEventId(atMs: number): string {
  sequence = atMs === last ? sequence + 1 : 0;
  last = atMs;
  // Digits and lower-case letters sort alike in every collation that PostgreSQL may use for the column.
  return `${sequence.toString(36).padStart(4, '0')}${randomBytes(10).toString('hex')}`;
}
