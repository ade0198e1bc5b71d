import type { SessionEngine } from './store/session-engine.js';
import { viewOf } from './session-view.js';
import type { SessionView } from './session.types.js';

/** A user's live sessions, newest activity first. */
export async function listSessions(
  engine: SessionEngine,
  userId: string,
  currentId?: string,
): Promise<SessionView[]> {
  const views: SessionView[] = [];
  for (const tag of engine.ring.oldestFirst(userId)) {
    for (const { digest, raw } of await engine.users.list(tag)) {
      const decoded = engine.codec.decode(raw);
      if (typeof decoded === 'string' || engine.options.userOf(decoded.data)?.id !== userId) continue;
      const state = engine.stateFrom('', { tag, digest, ofUser: true }, decoded, undefined);
      const id = engine.ring.handle(digest);
      views.push(viewOf(engine, state, id === currentId));
    }
  }
  return views.sort(
    (a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt) || b.createdAt.localeCompare(a.createdAt),
  );
}
