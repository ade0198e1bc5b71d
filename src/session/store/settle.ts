export type Callback = (error?: unknown, result?: any) => unknown;

/**
 * Hands a result to a callback or returns it as a promise. The callback runs once, also when it throws: its error goes
 * to the process like that of any callback, not back into the store.
 */
export function settle<T>(result: Promise<T>, callback: Callback | undefined): Promise<T | void> {
  if (!callback) return result;
  const call = (error: unknown, value?: T) => {
    try {
      callback(error, value);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  };
  return result.then(
    (value) => call(null, value),
    (error: unknown) => call(error),
  );
}
