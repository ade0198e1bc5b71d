import { signal } from '@preact/signals';
import type { ApiError } from '../api/api-error.js';
import { reconnectDelayMs } from '../live/backoff.js';
import { announce } from './announce.js';
import { askAgain } from './freshness.js';

/** What is away: the session store, the database, or the whole server as seen from here. Null: nothing. */
export const outage = signal<'store' | 'database' | 'server' | null>(null);

// Nobody should look at old data for longer than four seconds after everything is back.
const LONGEST_ATTEMPT = 3;

let timer: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
let probe: () => Promise<boolean> = async () => true;

/** @param ask whether the server answers as usual again */
export function probeWith(ask: () => Promise<boolean>): void {
  probe = ask;
}

/** Notes that something is away, and asks until it is back. */
export function setOutage(kind: 'store' | 'database' | 'server'): void {
  outage.value = kind;
  if (timer === undefined) schedule();
}

/** Everything answers: what is shown may be old by now, so it is asked for again. */
export function setRecovered(): void {
  clearTimeout(timer);
  timer = undefined;
  attempts = 0;
  if (outage.value === null) return;
  outage.value = null;
  announce('The connection is back.');
  askAgain();
}

/** What a call's failure says about an outage, if anything. */
export function outageOf(error: ApiError): 'store' | 'database' | 'server' | null {
  if (error.code === 'SESSION_STORE_UNAVAILABLE') return 'store';
  if (error.code === 'DATABASE_UNAVAILABLE') return 'database';
  return error.code === 'NETWORK' ? 'server' : null;
}

function schedule(): void {
  const delayMs = reconnectDelayMs(Math.min(attempts, LONGEST_ATTEMPT), Math.random());
  attempts += 1;
  timer = setTimeout(() => void tryAgain(), delayMs);
}

async function tryAgain(): Promise<void> {
  const back = await probe();
  if (outage.value === null) return;
  if (back) setRecovered();
  else schedule();
}
