import type { BreakerState, EndReason, SessionEvent, StoreOperation } from '../session/index.js';

type Of<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

// Records over the union types of the events: a value that is missing here does not compile.

export const KINDS = { user: true, visitor: true } as const;

export const END_REASONS: Record<EndReason, true> = {
  logout: true,
  revoked: true,
  'revoked-all': true,
  replaced: true,
  rotated: true,
  evicted: true,
};

export const REFUSALS: Record<Of<'refused'>['reason'], true> = {
  gone: true,
  conflict: true,
  moved: true,
  'too-large': true,
  limit: true,
  stale: true,
  throttled: true,
};

export const UNUSABLE_REASONS: Record<Of<'ignored'>['reason'], true> = {
  corrupt: true,
  mismatch: true,
  'other-version': true,
  'wrong-transport': true,
};

export const QUARANTINE_REASONS: Record<Of<'quarantined'>['reason'], true> = {
  corrupt: true,
  mismatch: true,
};

export const RESURRECTIONS: Record<Of<'resurrection-prevented'>['operation'], true> = {
  save: true,
  touch: true,
};

export const DURABILITIES: Record<Of<'revocation'>['reason'], true> = {
  local: true,
  durable: true,
  unconfirmed: true,
};

export const CLOSE_CODES: Record<Of<'connection-closed'>['code'], true> = {
  4401: true,
  4503: true,
  other: true,
};

export const BREAKER_STATES: Record<BreakerState, true> = { open: true, 'half-open': true, closed: true };

export const STORE_OPERATIONS: Record<StoreOperation, true> = {
  load: true,
  create: true,
  save: true,
  touch: true,
  destroy: true,
  rotate: true,
  take: true,
  ticket: true,
  epoch: true,
  list: true,
  'revoke-all': true,
  'revoke-everyone': true,
  sweep: true,
  'set-principal': true,
  quarantine: true,
  takeover: true,
  doctor: true,
  stats: true,
  clock: true,
  ring: true,
  journal: true,
};
