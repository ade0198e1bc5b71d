import { promisify } from 'node:util';
import type { Session } from 'express-session';
import type { JsonData, SessionCodec } from '../store/session-codec.js';
import { stateOf } from '../store/session-state.js';

/** Saves a session as express-session does, as a promise. Rejects with what the store refused it for. */
export function saveSession(session: Session): Promise<void> {
  return promisify((done: (error?: unknown) => void) => session.save(done))();
}

/**
 * What a request has changed its session to: all of its data, or undefined when that is what was read.
 * @param isKept whether a session that was not read is to be stored
 */
export function changedData(
  codec: SessionCodec,
  session: object,
  isKept: (data: JsonData) => boolean,
): JsonData | undefined {
  const loaded = stateOf(session);
  const data = codec.dataOf(session);
  const changed = loaded ? codec.text(data) !== loaded.seen.text : isKept(data);
  return changed ? data : undefined;
}
