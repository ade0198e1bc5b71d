import type { IncomingMessage } from 'node:http';
import { viewOf } from '../session-view.js';
import type { RequestSession, Transport } from '../session.types.js';
import { type RequestState, requestStateOf } from './request-state.js';

/**
 * The session a request is authenticated with. Undefined for a visitor, for an anonymous session, and for whatever
 * credential is not that of a live session.
 */
export function requestSession(req: IncomingMessage): RequestSession | undefined {
  const request = requestStateOf(req);
  const state = request?.session;
  if (!state?.principal || !state.meta) return undefined;
  const { engine, shown } = request as RequestState;
  if (shown?.state === state) return shown.as;
  const session: RequestSession = {
    principal: state.principal,
    userId: state.principal.id,
    sessionId: engine.ring.handle(state.at.digest),
    transport: state.meta.transport,
    profile: state.meta.profile,
    authenticatedAtMs: state.meta.authenticatedAt,
    view: () => viewOf(engine, state, true),
  };
  (request as RequestState).shown = { state, as: session };
  return session;
}

/** Whether a request came with a credential, and whether that is of a live session, anonymous ones included. */
export function presentedCredential(req: IncomingMessage): 'none' | 'valid' | 'invalid' {
  return requestStateOf(req)?.credential ?? 'none';
}

/** How the credential came; undefined when there was none. */
export function presentedTransport(req: IncomingMessage): Transport | undefined {
  return requestStateOf(req)?.transport;
}
