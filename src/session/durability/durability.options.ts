const DEFAULT_TIMEOUT_MS = 500;
const LONGEST_TIMEOUT_MS = 10_000;
const MOST_REPLICAS = 100;

/** Where a session has to be ended before a revocation answers. */
export interface DurabilityOptions {
  /**
   * `local`: on the primary. `replicated`: the answer waits, too, for the replicas to confirm it, and says whether they
   * did. In force at once either way.
   */
  mode: 'local' | 'replicated';
  /**
   * How many replicas have to confirm: all that may be promoted, 1 to 100. One less is not enough, since it may be the
   * one that is promoted.
   * @default as many as the primary had at most, as this process has seen it
   */
  replicas?: number;
  /** How long to wait for them, ms, at most 10000. @default 500 */
  timeoutMs?: number;
}

/** Those options with their defaults in place. `replicas` undefined: as many as there are. */
export interface Durability {
  mode: DurabilityOptions['mode'];
  replicas: number | undefined;
  timeoutMs: number;
}

export function resolveDurability(options: DurabilityOptions = { mode: 'local' }): Durability {
  const { mode, replicas, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return { mode, replicas, timeoutMs };
}

/** What is wrong with them, for people; empty when nothing is. */
export function durabilityProblems({ mode, replicas, timeoutMs }: Durability): string[] {
  const isWithin = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
  return [
    !['local', 'replicated'].includes(mode) && "durability.mode must be 'local' or 'replicated'.",
    replicas !== undefined &&
      !isWithin(replicas, MOST_REPLICAS) &&
      `durability.replicas must be a whole number from 1 to ${MOST_REPLICAS}.`,
    !isWithin(timeoutMs, LONGEST_TIMEOUT_MS) &&
      `durability.timeoutMs must be a whole number from 1 to ${LONGEST_TIMEOUT_MS}.`,
  ].filter((problem) => problem !== false);
}
