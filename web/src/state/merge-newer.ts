import type { Page } from '../api/types.js';

/**
 * A listing after its first page was asked for again: what is new stands first, what was changed is replaced, and pages
 * that were added stay. Where the two do not meet, something between them is not known, so only the new page is left.
 */
export function mergeNewer<T extends { id: string }>(before: Page<T>, first: Page<T>): Page<T> {
  const fresh = new Set(first.items.map(({ id }) => id));
  const meet = before.items.findLastIndex(({ id }) => fresh.has(id));
  if (meet < 0 || first.nextCursor === null) return first;
  return { items: [...first.items, ...before.items.slice(meet + 1)], nextCursor: before.nextCursor };
}

/** The listing with one more entry at its beginning, or with that entry replaced when it is there already. */
export function withEntry<T extends { id: string }>(page: Page<T>, entry: T): Page<T> {
  const isKnown = page.items.some(({ id }) => id === entry.id);
  const items = isKnown
    ? page.items.map((item) => (item.id === entry.id ? entry : item))
    : [entry, ...page.items];
  return { ...page, items };
}
