// Well below the shortest idle timeout there is by default (15 minutes, admins).
const ATTENTIVE_MS = 5 * 60_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'scroll', 'focus'] as const;

const waiting = new Map<string, () => void>();
let lastSignAt = Date.now();

/**
 * Runs something that asks the server when somebody is looking: at once, or as soon as they come back. A call counts as
 * use of the session, and a page that asks by itself for hours would keep alive a session that nobody uses.
 *
 * @param what of several for the same, the last one runs
 */
export function whenAttended(what: string, run: () => void): void {
  if (isAttended()) return run();
  waiting.set(what, run);
}

/** Begins to notice whether somebody is there. */
export function watchAttention(): void {
  for (const sign of SIGNS) addEventListener(sign, noticed, { passive: true, capture: true });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) noticed();
  });
}

function isAttended(): boolean {
  return !document.hidden && Date.now() - lastSignAt < ATTENTIVE_MS;
}

function noticed(): void {
  lastSignAt = Date.now();
  if (waiting.size === 0 || document.hidden) return;
  const runs = [...waiting.values()];
  waiting.clear();
  for (const run of runs) run();
}
