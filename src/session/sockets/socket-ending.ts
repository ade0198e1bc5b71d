/**
 * Why an open socket has to be closed, as WebSocket's close frame says it. 4401: its session has ended or expired, or was
 * moved to a new id; who reconnects learns from the answer whether there is one. 4503: Redis has not said for too long
 * whether the session lives; reconnect after a moment.
 */
export interface SocketEnding {
  code: 4401 | 4503;
  reason: 'SESSION_ENDED' | 'SESSION_STORE_UNAVAILABLE';
}

export const ENDED: SocketEnding = { code: 4401, reason: 'SESSION_ENDED' };
export const UNKNOWN: SocketEnding = { code: 4503, reason: 'SESSION_STORE_UNAVAILABLE' };
