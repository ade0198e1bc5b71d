import { signal } from '@preact/signals';
import { getUser } from '../api/admin.js';
import { isApiError } from '../api/api-error.js';
import type { User } from '../api/types.js';

const AT_ONCE = 3;

// By id; null where there is none to be had.
const names = signal<ReadonlyMap<string, string | null>>(new Map());
const wanted: string[] = [];
const asked = new Set<string>();
let asking = 0;

/** What a person is called, for pages that know only the id: undefined until the server has said. */
export function nameOf(userId: string): string | null | undefined {
  return names.value.get(userId);
}

/** Asks for a name, once. */
export function wantName(userId: string): void {
  if (asked.has(userId)) return;
  asked.add(userId);
  wanted.push(userId);
  void askNext();
}

/** Takes over the names of people that were asked for anyway. */
export function learnNames(users: readonly User[]): void {
  const known = new Map(names.peek());
  for (const user of users) {
    asked.add(user.id);
    known.set(user.id, user.email);
  }
  names.value = known;
}

async function askNext(): Promise<void> {
  const userId = asking < AT_ONCE ? wanted.shift() : undefined;
  if (userId === undefined) return;
  asking += 1;
  try {
    learnNames([(await getUser(userId)).user]);
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (error.status === 404) names.value = new Map([...names.peek(), [userId, null]]);
    else asked.delete(userId);
  } finally {
    asking -= 1;
    void askNext();
  }
}
