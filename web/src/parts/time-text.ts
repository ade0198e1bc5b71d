const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// The pages are in English, so their times are, too; day and month as words are read alike everywhere.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'long' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** @param ms from now: negative when it is past */
export function relativeText(ms: number): string {
  const size = Math.abs(ms);
  if (size < 45 * SECOND) return ms <= 0 ? 'just now' : 'in a moment';
  if (size < 90 * MINUTE) return relative.format(Math.round(ms / MINUTE), 'minute');
  if (size < 36 * HOUR) return relative.format(Math.round(ms / HOUR), 'hour');
  return relative.format(Math.round(ms / DAY), 'day');
}

/** @param at ISO 8601, shown in this device's time zone */
export function absoluteText(at: string): string {
  return absolute.format(new Date(at));
}
