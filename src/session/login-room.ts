import type { EndCause } from './session.types.js';
import type { SessionEngine } from './store/session-engine.js';
import type { SessionState } from './store/session-state.js';

/** What a login may take up in the index of its own tag, and which session of that tag it replaces. */
export interface LoginRoom {
  /** Most sessions under the new session's tag, 0 for any number; undefined when there is no room at all. */
  maxSessions: number | undefined;
  replaces: string | undefined;
  /** Why that one ends. */
  cause: EndCause;
}

/**
 * Finds room for a login among all sessions of its user. One tag is the create script's business. While the index keys
 * are being rotated a user may have sessions under older tags too: those are counted here, and ended here when they are
 * in the way.
 */
export async function makeRoom(
  engine: SessionEngine,
  userId: string,
  previous: SessionState | undefined,
  revokeSessionId: string | undefined,
): Promise<LoginRoom> {
  const tags = engine.ring.oldestFirst(userId);
  const current = tags[tags.length - 1] as string;
  const replaces =
    previous?.at.tag === current ? previous.at.digest : await named(engine, current, revokeSessionId);
  // What this browser was in goes on as the new session; what was named was chosen by its owner.
  const causeOf = (digest: string | undefined): EndCause =>
    digest === previous?.at.digest ? 'moved' : 'revoked-by-owner';
  const replaced = { replaces, cause: causeOf(replaces) };
  const { maxSessions, limitPolicy } = engine.options;
  if (tags.length === 1 || maxSessions === 0) return { maxSessions, ...replaced };

  const older: { tag: string; digest: string; age: number }[] = [];
  for (const tag of tags.slice(0, -1)) {
    for (const { digest, raw } of await engine.users.list(tag)) {
      const decoded = engine.codec.decode(raw);
      const isNamed = engine.ring.handle(digest) === revokeSessionId || digest === previous?.at.digest;
      if (isNamed) await engine.repository.destroy({ tag, digest, ofUser: true }, causeOf(digest));
      else if (typeof decoded !== 'string') {
        const { createdMs, touchedMs } = decoded.header;
        older.push({ tag, digest, age: limitPolicy === 'evict-oldest' ? createdMs : touchedMs });
      }
    }
  }
  if (older.length < maxSessions) return { maxSessions: maxSessions - older.length, ...replaced };
  if (limitPolicy === 'reject') return { maxSessions: undefined, ...replaced };
  older.sort((a, b) => a.age - b.age);
  for (const { tag, digest } of older.slice(0, older.length - maxSessions + 1)) {
    await engine.repository.destroy({ tag, digest, ofUser: true }, 'evicted');
  }
  return { maxSessions: 1, ...replaced };
}

async function named(
  engine: SessionEngine,
  tag: string,
  sessionId: string | undefined,
): Promise<string | undefined> {
  if (sessionId === undefined) return undefined;
  return engine.users.findIndexed(tag, (digest) => engine.ring.handle(digest) === sessionId);
}
