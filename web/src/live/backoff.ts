const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const RESUME_MS = [300, 2_000] as const;

/**
 * How long to wait before the next attempt: twice as long after each one, at random between half and the whole of it, so
 * that everybody whom a restart has cut off does not come back at once.
 *
 * @param attempt 0 for the first
 * @param random 0 to 1
 * @returns milliseconds
 */
export function reconnectDelayMs(attempt: number, random: number): number {
  const whole = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return Math.round(whole * (0.5 + random / 2));
}

/**
 * How long to wait before asking for everything again once the streams go on: they do for everybody at the same moment.
 *
 * @param random 0 to 1
 * @returns milliseconds
 */
export function resumeDelayMs(random: number): number {
  const [least, most] = RESUME_MS;
  return Math.round(least + (most - least) * random);
}
