import { useEffect, useRef } from 'preact/hooks';
import type { SecurityEvent, Stats } from '../api/types.js';
import { askSessionsAgain } from '../state/freshness.js';
import { rotated, who } from '../state/who.js';
import { handle, prospectOf } from './own.js';
import { listen, type LiveMessage } from './stream.js';

// Not an admin, or not confirmed as one yet; nobody of that id.
const BARRING = [403, 404];

/** What a page for admins wants to hear of. */
export interface AdminLive {
  /** Whose sessions are shown, if anybody's. */
  userId?: string;
  onTrail?(event: SecurityEvent): void;
  onStats?(stats: Stats): void;
}

/** Follows `GET /admin/live` while the page is shown and somebody can see it. */
export function useAdminLive(live: AdminLive): void {
  const latest = useRef(live);
  latest.current = live;
  const { userId } = live;
  // With a new session id, or other roles, more may be allowed now.
  const allowed = who.value.is === 'in' ? [who.value.session.id, ...who.value.user.roles].join(' ') : null;

  useEffect(() => {
    if (allowed === null) return;
    let stop: (() => void) | undefined;
    const follow = () => {
      if (document.hidden) {
        stop?.();
        stop = undefined;
      } else {
        stop ??= openStream(userId, (message) => receive(message, latest.current));
      }
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stop?.();
    };
  }, [userId, allowed]);
}

function openStream(userId: string | undefined, onMessage: (message: LiveMessage) => void): () => void {
  const query = userId === undefined ? '' : `?userId=${encodeURIComponent(userId)}`;
  const url = `/admin/live${query}`;
  return listen({
    url,
    names: ['ready', 'trail', 'stats', 'sessions', 'ended', 'unavailable'],
    probe: () => prospectOf(url, BARRING),
    settled: rotated,
    onMessage,
  });
}

function receive(message: LiveMessage, live: AdminLive): void {
  switch (message.name) {
    case 'trail':
      return live.onTrail?.(message.data as SecurityEvent);
    case 'stats':
      return live.onStats?.(message.data as Stats);
    case 'sessions':
      return askSessionsAgain();
    default:
      return handle(message);
  }
}
