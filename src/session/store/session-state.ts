import type { SessionMeta, SessionPrincipal } from '../session.types.js';
import type { SessionAddress } from '../token/session-id.js';
import type { JsonData } from './session-codec.js';
import type { RecordHeader } from './session-record.js';

/**
 * What a request knows of the record behind its session. It travels beside the Session object, never in it, so the
 * host's data stays the host's.
 */
export interface SessionState {
  token: string;
  at: SessionAddress;
  meta: SessionMeta | undefined;
  /** Present when the session is a user's: the snapshot in the session, overlaid by the live principal. */
  principal: SessionPrincipal | undefined;
  /** Header of the record as last read or written. */
  header: RecordHeader;
  /** What this request last read or wrote, as text and as data: the base of the next merge. Nobody changes it. */
  seen: { readonly text: string; readonly data: JsonData };
  /** What is stored now, where a merge made that differ from `seen`. */
  stored: JsonData | undefined;
}

// A member that nobody enumerates, so it is neither copied nor stored. Not a WeakMap: an entry in one for every request
// makes the garbage collector walk through all of them each time.
const STATE = Symbol('latchkey.session');

type Carrier = object & { [STATE]?: SessionState };

export const stateOf = (session: object | null | undefined): SessionState | undefined =>
  (session as Carrier | null | undefined)?.[STATE];

export const setState = (session: object, state: SessionState): void => {
  Object.defineProperty(session, STATE, { value: state, configurable: true, writable: true });
};
