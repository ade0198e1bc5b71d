import { DatabaseUnavailableError } from './database.errors.js';

/**
 * Waits for an answer of the database, but no longer than `timeoutMs`. What was asked is not called back.
 *
 * @throws DatabaseUnavailableError when the time is over, and what `answer` rejects with
 */
export async function withinDeadline<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DatabaseUnavailableError()), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
