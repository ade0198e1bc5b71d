import type { SocketSession } from '../session/index.js';

const sessions = new WeakMap<object, SocketSession>();

/** The session of a connection that SessionWsAdapter has let in; undefined for any other object. */
export function socketSessionOf(client: object): SocketSession | undefined {
  return sessions.get(client);
}

export function bindSession(client: object, session: SocketSession): void {
  sessions.set(client, session);
}
