import { HOME } from '../routes.js';

let latest: string | null = null;
let place: string = HOME;

/** Notes where somebody was when the session ended, or wanted to be before logging in. */
export function goOnAt(url: string): void {
  place = url;
}

/**
 * Where a person goes on after logging in. To be called for whoever is in, as it forgets where the one before was.
 *
 * @param userId who is in
 */
export function placeOf(userId: string): string {
  if (latest !== null && latest !== userId) place = HOME;
  latest = userId;
  return place;
}
