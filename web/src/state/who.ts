import { signal } from '@preact/signals';
import { whoAmI } from '../api/auth.js';
import { isApiError } from '../api/api-error.js';
import type { EndedReason } from '../api/ended-text.js';
import type { LoggedIn } from '../api/types.js';
import { announcingRotation, rotatedInEveryTab } from './rotation-lock.js';

/** `asking` until the first answer; it stays so while the server cannot say. */
export type Who = { is: 'asking' } | { is: 'out' } | ({ is: 'in' } & LoggedIn);

/** Who is logged in, as far as this tab knows. */
export const who = signal<Who>({ is: 'asking' });

/** Why nobody is logged in any more: shown on the login page. */
export const endedBecause = signal<EndedReason | null>(null);

let asking = 0;
// A new id is on its way into the cookie jar: a 401 in between is about the old one.
const rotations = new Set<Promise<unknown>>();

/** Takes over what a login, a re-authentication or a look-up said. */
export function setLoggedIn(loggedIn: LoggedIn): void {
  endedBecause.value = null;
  who.value = { is: 'in', user: loggedIn.user, session: loggedIn.session };
}

/** The session is over; a known reason is not replaced by an unknown one. */
export function setLoggedOut(reason: EndedReason | null): void {
  const known = who.value.is !== 'in' && endedBecause.value !== null && reason === 'unknown';
  if (!known) endedBecause.value = reason;
  who.value = { is: 'out' };
}

/** Runs a call that gives this session a new id. */
export async function rotating<T>(run: () => Promise<T>): Promise<T> {
  const call = announcingRotation(run);
  rotations.add(call);
  try {
    return await call;
  } finally {
    rotations.delete(call);
  }
}

function isRotating(): boolean {
  return rotations.size > 0;
}

/** Waits until the cookie is the newest. */
export async function rotated(): Promise<void> {
  await Promise.allSettled(rotations);
}

/**
 * Asks the server who is logged in, and takes the answer over. That nobody is any more, it has to say twice: the first time
 * may have been about the cookie that another tab was about to replace.
 *
 * @returns `away` when it could not say; nothing has changed then
 */
export async function askWho(): Promise<'in' | 'out' | 'away'> {
  asking += 1;
  try {
    let answer = await look();
    if (answer === 'out' && who.value.is === 'in' && !isRotating()) {
      await rotatedInEveryTab();
      answer = await look();
    }
    if (answer !== 'out') return answer;
    if (isRotating()) return 'away';
    if (who.value.is !== 'out') setLoggedOut(who.value.is === 'in' ? 'unknown' : null);
    return 'out';
  } finally {
    asking -= 1;
  }
}

async function look(): Promise<'in' | 'out' | 'away'> {
  try {
    setLoggedIn(await whoAmI());
    return 'in';
  } catch (error) {
    return isApiError(error) && error.isLoggedOut ? 'out' : 'away';
  }
}

/** Whether an answer of {@link askWho} is under way. */
export function isAsking(): boolean {
  return asking > 0;
}

/** Whether the logged-in person may see the pages for admins. The server decides on every call anyway. */
export function isAdmin(): boolean {
  return who.value.is === 'in' && who.value.user.roles.includes('admin');
}
