import type { Request } from 'express';
import type { ExecutionContext } from '@nestjs/common';
import type { RequestSession, SessionPrincipal, SessionView, Transport } from '../../src/session/index.js';
import { beginRequest } from '../../src/session/request/request-state.js';
import type { SessionEngine } from '../../src/session/store/session-engine.js';
import type { SessionState } from '../../src/session/store/session-state.js';

export const ALICE: SessionPrincipal = {
  id: 'alice',
  email: 'alice@example.com',
  displayName: 'Alice',
  roles: [],
  disabled: false,
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** What SessionMiddleware would have found out about a request. */
export interface FakeRequest extends Partial<Pick<RequestSession, 'profile' | 'authenticatedAtMs'>> {
  /** How a credential came; undefined when none did. */
  transport?: Transport;
  /** Whose live session it is of; undefined when it is of none. */
  principal?: SessionPrincipal;
  headers?: Record<string, string>;
}

/** A request as it reaches guards and services, without Redis and without HTTP. The session's handle is `handle`. */
export function fakeRequest({
  transport,
  principal,
  profile = 'web',
  authenticatedAtMs = 0,
  headers = {},
}: FakeRequest = {}): Request {
  const req = {
    headers,
    socket: {},
    ip: '192.0.2.1',
    get: (name: string) => headers[name],
  } as unknown as Request;
  const engine = { ring: { handle: () => 'handle' } } as unknown as SessionEngine;
  const state = beginRequest(req, transport, engine);
  if (principal) {
    const meta = {
      transport: transport ?? 'cookie',
      profile,
      authenticatedAt: authenticatedAtMs,
      ip: '',
      userAgent: '',
    };
    state.session = { at: { digest: 'digest' }, principal, meta } as SessionState;
    state.credential = 'valid';
  }
  return req;
}

/** A view of a session in which only the id matters. */
export function fakeView(id: string): SessionView {
  const at = '2026-01-01T00:00:00.000Z';
  return {
    id,
    current: true,
    createdAt: at,
    authenticatedAt: at,
    lastSeenAt: at,
    expiresAt: at,
    absoluteExpiresAt: at,
    ip: '',
    userAgent: '',
    device: { browser: null, os: null, type: 'unknown' },
  };
}

/** The context in which Nest asks guards about a handler. */
export function contextOf(req: Request, controller: new () => object, method: string): ExecutionContext {
  const handler = (controller.prototype as Record<string, unknown>)[method];
  return {
    getHandler: () => handler,
    getClass: () => controller,
    switchToHttp: () => ({ getRequest: () => req }),
  } as unknown as ExecutionContext;
}

/** The code of the problem that `act` throws; undefined when it throws none. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { errorCode?: string }).errorCode ?? String(error);
  }
}
