import { promisify } from 'node:util';
import type { Session } from 'express-session';

/** Saves a session as express-session does, as a promise. Rejects with what the store refused it for. */
export function saveSession(session: Session): Promise<void> {
  return promisify((done: (error?: unknown) => void) => session.save(done))();
}
