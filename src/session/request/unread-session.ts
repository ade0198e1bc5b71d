import type { Request } from 'express';
import type { SessionState } from '../store/session-state.js';
import { requestStateOf, type UnreadSession } from './request-state.js';

// One pair of functions for all requests, so that they keep one shape.
const OFFERED: PropertyDescriptor & ThisType<Request> = {
  configurable: true,
  enumerable: true,
  get() {
    const unread = requestStateOf(this)?.arrival?.unread;
    if (!unread) return undefined;
    // Through the setter below, which is not there any more afterwards.
    unread.store.install(unread.req, unread.state);
    return unread.req.session;
  },
  set(value: unknown) {
    Object.defineProperty(this, 'session', { configurable: true, enumerable: true, writable: true, value });
  },
};

/**
 * Gives a request a `req.session` that becomes a Session when somebody looks at it. Most requests only ask whose session
 * it is; for them the Session, its cookie, a copy of what it holds, and the comparison of that at the end would be made
 * for nothing.
 * @returns what is to be kept as the `unread` of the request's arrival
 */
export function offerSession(
  req: Request,
  state: SessionState,
  store: UnreadSession['store'],
): UnreadSession {
  Object.defineProperty(req, 'session', OFFERED);
  return { req, state, store };
}

/** The record behind `req.session` while nobody has looked at it, replaced it or taken it away. */
export function unreadSession(req: Request): SessionState | undefined {
  const unread = requestStateOf(req)?.arrival?.unread;
  // The property itself is asked: who stands in for a request, as a Proxy or by inheritance, may have changed it past us.
  return unread && Object.getOwnPropertyDescriptor(unread.req, 'session')?.get === OFFERED.get
    ? unread.state
    : undefined;
}
