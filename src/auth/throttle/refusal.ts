import { type RateLimitPolicy, TooManyAttemptsError } from '../auth.errors.js';
import type { WindowCount } from './window-counters.js';

/** One reason to refuse an attempt. */
export interface Refusal {
  policy: RateLimitPolicy;
  /** What was counted: its Redis key. */
  key: string;
  /** How long the reason lasts. */
  waitMs: number;
  /** What to tell the client where waiting is not the answer. */
  message?: string;
}

/** Windows in which there are as many failures as there may be. */
export function spent(counts: readonly WindowCount[]): Refusal[] {
  return counts.filter(({ count, policy }) => count >= policy.quota).map(toRefusal);
}

/** Windows in which what was counted just now is one too many. */
export function exceeded(counts: readonly WindowCount[]): Refusal[] {
  return counts.filter(({ count, policy }) => count > policy.quota).map(toRefusal);
}

function toRefusal({ policy, key, leftMs }: WindowCount): Refusal {
  return { policy, key, waitMs: leftMs };
}

/** Of several reasons the one that lasts longest is told, so that nobody comes back for nothing. @throws TooManyAttemptsError */
export function refuse(refusals: Refusal[]): void {
  const [longest] = refusals.sort((a, b) => b.waitMs - a.waitMs);
  if (!longest) return;
  const { policy, key, waitMs, message } = longest;
  throw new TooManyAttemptsError(policy, Math.max(1, Math.ceil(waitMs / 1_000)), key, message);
}
