import * as admin from '../../api/admin.js';
import type { SecurityEvent } from '../../api/types.js';
import { withEntry } from '../../state/merge-newer.js';
import { type Pages, usePages } from '../../state/pages.js';

/** The trail as far as it is shown. */
export interface Trail {
  pages: Pages<SecurityEvent>;
  /** Takes an event that has just happened, if the filter lets it in. */
  add: (event: SecurityEvent) => void;
}

/** The trail, newest first. */
export function useTrail(filter: admin.TrailFilter): Trail {
  const pages = usePages<SecurityEvent>(
    (cursor, signal) => admin.trail(filter, cursor, signal),
    [filter.userId, filter.type],
  );
  return {
    pages,
    add: (event) => {
      if (filter.userId && event.userId !== filter.userId) return;
      if (filter.type && event.type !== filter.type) return;
      pages.set((page) => withEntry(page, event));
    },
  };
}
