import type { LiveMessage } from './stream.js';

const LOCK = 'latchkey.events';
const CHANNEL = 'latchkey';

const channel = new BroadcastChannel(CHANNEL);

/** Tells the other tabs of this browser. */
export function tellTabs(message: LiveMessage): void {
  channel.postMessage(message);
}

/** @param receive called with what other tabs tell */
export function hearTabs(receive: (message: LiveMessage) => void): void {
  channel.addEventListener('message', ({ data }: MessageEvent<LiveMessage>) => receive(data));
}

/**
 * Runs something in one tab only: the one that was looked at last. Browsers allow six connections to a server of
 * HTTP/1.1, so that a stream in every tab would leave none for anything else.
 *
 * @param begin begins, and returns what ends it
 * @returns a function that gives it up
 */
export function inOneTab(begin: () => () => void): () => void {
  // Not over plain http, but on the machine itself: then each tab is on its own.
  if (!('locks' in navigator)) return begin();
  let release: (() => void) | undefined;
  let latest = 0;
  let over = false;

  function compete(steal: boolean): void {
    const own = ++latest;
    const isLatest = () => !over && own === latest;
    navigator.locks
      .request(LOCK, { steal }, () => (isLatest() ? hold() : undefined))
      .catch(() => {
        // Another tab has taken it.
        release?.();
        if (isLatest()) compete(false);
      });
  }

  function hold(): Promise<void> {
    const end = begin();
    return new Promise((resolve) => {
      release = () => {
        release = undefined;
        end();
        resolve();
      };
    });
  }

  const claim = () => {
    if (!document.hidden && !release) compete(true);
  };
  compete(!document.hidden);
  document.addEventListener('visibilitychange', claim);
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', claim);
    release?.();
  };
}
