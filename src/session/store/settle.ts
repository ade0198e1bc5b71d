/** What the signatures of connect-redis hand out: a host says by its own types what its sessions hold. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- `unknown` would break every caller of connect-redis
export type Anything = any;

export type Callback = (error?: unknown, result?: Anything) => unknown;

/**
 * Hands a result to a callback or returns it as a promise. The callback runs once, also when it throws: its error goes
 * to the process like that of any callback, not back into the store.
 */
export function settle<T>(result: Promise<T>, callback: Callback | undefined): Promise<T | void> {
  if (!callback) return result;
  return result.then(
    (value) => callBack(callback, null, value),
    (error: unknown) => callBack(callback, error),
  );
}

/** The same for what is known already: the callback runs before this returns. */
export function settleNow(callback: Callback | undefined): Promise<void> {
  if (callback) callBack(callback, null);
  return Promise.resolve();
}

function callBack(callback: Callback, error: unknown, value?: unknown): void {
  try {
    callback(error, value);
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}
