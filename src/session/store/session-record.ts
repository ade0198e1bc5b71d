/**
 * The value of a session record: a fixed-width ASCII header, then the session's JSON.
 * Scripts read and write the header in place by offset; whoever changes it here changes it there.
 *
 *   offset 0   1  format version, a digit: '1' ('M': taken over by a login)
 *          1  13  last touch, ms
 *         14  13  absolute expiry, ms
 *         27  13  creation, ms
 *         40  13  generation
 *         53  10  revision
 *         63      JSON
 */
export interface RecordHeader {
  touchedMs: number;
  absoluteExpiryMs: number;
  createdMs: number;
  generation: number;
  revision: number;
}

export const HEADER_LENGTH = 63;
const LIVE = '1';
const MOVED = 'M';
// The digits behind ours: a newer program's records, which lie beside ours during an upgrade.
const OTHER_VERSION = /^[2-9]/;
const DIGITS = /^[0-9]{62}$/;

const time = (value: number) => String(Math.trunc(value)).padStart(13, '0');

/** A revision as it stands in the header: ten digits. */
export function revisionDigits(revision: number): string {
  return String(revision).padStart(10, '0');
}

/** Puts a record together. */
export function encodeRecord(header: RecordHeader, body: string): string {
  return (
    LIVE +
    time(header.touchedMs) +
    time(header.absoluteExpiryMs) +
    time(header.createdMs) +
    time(header.generation) +
    revisionDigits(header.revision) +
    body
  );
}

/**
 * What a record is that this version cannot take for a session: one that a login has taken over, one that another
 * version of this program wrote, or one that nobody can read.
 */
export type NoRecord = 'moved' | 'other-version' | 'corrupt';

/** Takes a record apart. */
export function decodeRecord(raw: string): { header: RecordHeader; body: string } | NoRecord {
  if (raw.startsWith(MOVED)) return 'moved';
  if (OTHER_VERSION.test(raw)) return 'other-version';
  if (raw.length <= HEADER_LENGTH || !raw.startsWith(LIVE) || !DIGITS.test(raw.slice(1, HEADER_LENGTH)))
    return 'corrupt';
  return {
    header: {
      touchedMs: Number(raw.slice(1, 14)),
      absoluteExpiryMs: Number(raw.slice(14, 27)),
      createdMs: Number(raw.slice(27, 40)),
      generation: Number(raw.slice(40, 53)),
      revision: Number(raw.slice(53, 63)),
    },
    body: raw.slice(HEADER_LENGTH),
  };
}

const GENERATION = /^[0-9]{1,15}$/;

/**
 * A generation as Redis holds it, for comparison: a record whose own is not `>=` is not accepted. NaN for what no script
 * has written, which must not be passed over; 0 where there is none.
 */
export function generationOf(text: string | null | undefined): number {
  if (text === null || text === undefined) return 0;
  return GENERATION.test(text) ? Number(text) : Number.NaN;
}
