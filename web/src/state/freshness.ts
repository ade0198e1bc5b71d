import { signal } from '@preact/signals';
import { whenAttended } from './attention.js';

/** Rises whenever what is on the page may be out of date; lists ask again then. */
export const refreshes = signal(0);

/** Rises when the list of the sessions of the person who is shown may be out of date. */
export const sessionRefreshes = signal(0);

// Several streams, or several events, may say so at once.
const TOGETHER_MS = 100;

/** Everything may be out of date. */
export const askAgain = together('everything', () => {
  refreshes.value += 1;
});

/** The sessions that are shown may be out of date. */
export const askSessionsAgain = together('sessions', () => {
  sessionRefreshes.value += 1;
});

function together(what: string, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      whenAttended(what, run);
    }, TOGETHER_MS);
  };
}
