import { useSignal } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import type { Page } from '../api/types.js';
import { mergeNewer } from './merge-newer.js';
import { type Resource, useResource } from './resource.js';

/** A listing of which more can be asked for. */
export interface Pages<T> extends Resource<Page<T>> {
  /** Adds the next page; rejects as the call does. */
  more: () => Promise<void>;
}

/**
 * A listing with the newest first, by pages. Asking again brings what is new and keeps the pages that were added.
 *
 * @param load one page: the first when the cursor is null
 * @param deps what is listed
 */
export function usePages<T extends { id: string }>(
  load: (cursor: string | null, signal?: AbortSignal) => Promise<Page<T>>,
  deps: unknown[],
): Pages<T> {
  const listed = useSignal<Page<T> | undefined>(undefined);
  const key = JSON.stringify(deps);
  const listedKey = useSignal(key);
  const first = useCallback(
    async (signal: AbortSignal) => {
      const page = await load(null, signal);
      const before = listedKey.peek() === key ? listed.peek() : undefined;
      listedKey.value = key;
      listed.value = before ? mergeNewer(before, page) : page;
      return listed.value;
    },
    [key],
  );
  const resource = useResource(first, [key]);
  const set = (change: (page: Page<T>) => Page<T>) => {
    resource.set((page) => (listed.value = change(page)));
  };
  return {
    ...resource,
    set,
    more: async () => {
      const { data } = resource;
      if (!data?.nextCursor) return;
      const next = await load(data.nextCursor);
      const known = new Set(data.items.map(({ id }) => id));
      set((page) => ({
        items: [...page.items, ...next.items.filter(({ id }) => !known.has(id))],
        nextCursor: next.nextCursor,
      }));
    },
  };
}
