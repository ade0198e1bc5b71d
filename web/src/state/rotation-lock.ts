const LOCK = 'latchkey.rotation';

/** Runs a call that gives this browser's session a new id, so that its other tabs can wait for the end of it. */
export async function announcingRotation<T>(run: () => Promise<T>): Promise<T> {
  return hasLocks() ? navigator.locks.request(LOCK, { mode: 'shared' }, run) : run();
}

/** Waits until no tab of this browser has such a call under way: then the cookie is the newest. */
export async function rotatedInEveryTab(): Promise<void> {
  if (hasLocks()) await navigator.locks.request(LOCK, () => undefined);
}

// Not over plain http, but on the machine itself.
function hasLocks(): boolean {
  return typeof navigator !== 'undefined' && 'locks' in navigator;
}
