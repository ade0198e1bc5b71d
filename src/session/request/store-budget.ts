import { SessionStoreUnavailableError } from '../session.errors.js';

// What is left of the second in which an outage is to be answered when the last command takes all of its half second.
const BUDGET_MS = 450;
// What an ordinary wait is not worth being noted for.
const UNNOTED_MS = 20;

const spentMs = new WeakMap<object, number>();

/**
 * A step of a request that asks Redis several times, one after the other. All of them share one budget: when Redis is so
 * slow that it is used up, the next step is not begun, and nothing of it is executed. The time between the steps, in
 * which passwords are hashed, does not count.
 *
 * @param req whose budget it is
 * @throws SessionStoreUnavailableError when too little is left, and whatever the step throws
 */
export async function onStoreBudget<T>(req: object, step: () => Promise<T>): Promise<T> {
  if ((spentMs.get(req) ?? 0) > BUDGET_MS) {
    throw new SessionStoreUnavailableError({
      cause: new Error('Redis took too long over what came before.'),
    });
  }
  const startMs = performance.now();
  try {
    return await step();
  } finally {
    chargeStoreBudget(req, performance.now() - startMs);
  }
}

/** Takes from a request's budget what it has waited for already. */
export function chargeStoreBudget(req: object, waitedMs: number): void {
  if (waitedMs > UNNOTED_MS) spentMs.set(req, (spentMs.get(req) ?? 0) + waitedMs);
}
