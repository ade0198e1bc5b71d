// 32 random hexadecimal digits measure about 112 bits by how often each occurs; of two million none was below 86.
const LEAST_BITS = 80;

/**
 * Whether a text that is long enough for a secret was plainly not made by a random generator: too few different
 * characters, a pattern that repeats, or runs of neighbours such as `abcdef`. It says nothing good about the others.
 * @see OWASP ASVS 5.0, 11.5.1
 */
export function isGuessable(secret: string): boolean {
  return shannonBits(secret) < LEAST_BITS || repeatsItself(secret) || isRun(secret);
}

/** What a message says about such a secret: what to do, never the value. */
export const MAKE_A_SECRET = 'make one with: openssl rand -base64 48';

function shannonBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / text.length), 0);
}

function repeatsItself(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (text.startsWith(text.slice(period))) return true;
  }
  return false;
}

function isRun(text: string): boolean {
  const steps = Array.from(text.slice(1), (_, i) => Math.abs(text.charCodeAt(i + 1) - text.charCodeAt(i)));
  return steps.filter((step) => step <= 1).length > (steps.length * 2) / 3;
}
