import type { IncomingMessage } from 'node:http';
import { viewOf } from '../session-view.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { Profile, SessionPrincipal, SessionView, Transport } from '../session.types.js';
import { requestStateOf } from './request-state.js';

/** The live, authenticated session of a request. */
export interface RequestSession {
  principal: SessionPrincipal;
  userId: string;
  /** The handle, not the token. */
  sessionId: string;
  transport: Transport;
  profile: Profile;
  /** When the user last proved presence, ms of Redis's clock. */
  authenticatedAtMs: number;
  view(): SessionView;
}

const engines = new WeakMap<IncomingMessage, SessionEngine>();
const found = new WeakMap<object, RequestSession>();

/** @internal */
export function bindEngine(req: IncomingMessage, engine: SessionEngine): void {
  engines.set(req, engine);
}

/**
 * The session a request is authenticated with. Undefined for a visitor, for an anonymous session, and for whatever
 * credential is not that of a live session.
 */
export function requestSession(req: IncomingMessage): RequestSession | undefined {
  const state = requestStateOf(req)?.session;
  const engine = engines.get(req);
  if (!state?.principal || !state.meta || !engine) return undefined;
  const known = found.get(state);
  if (known) return known;
  const session: RequestSession = {
    principal: state.principal,
    userId: state.principal.id,
    sessionId: engine.ring.handle(state.at.digest),
    transport: state.meta.transport,
    profile: state.meta.profile,
    authenticatedAtMs: state.meta.authenticatedAt,
    view: () => viewOf(engine, state, true),
  };
  found.set(state, session);
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
