import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { plainText } from '../../problem/index.js';
import type { JsonData } from '../store/session-codec.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { SessionState } from '../store/session-state.js';
import type { RequestSession, SavePolicy, SessionMeta, Transport } from '../session.types.js';

/** What the session module remembers about a request, from the middleware to the last byte of the answer. */
export interface RequestState {
  /** The kind of credential the client sent; undefined when it sent none. */
  transport: Transport | undefined;
  /** 'invalid' covers forged, unknown, ended and expired: the client cannot tell them apart. */
  credential: 'none' | 'valid' | 'invalid';
  /** The record behind the request's session, once there is one. */
  session: SessionState | undefined;
  /** Address and user agent of the client, as they came. */
  ip: string;
  userAgent: string;
  /** Whether the answer may set the session cookie: never for a bearer client. */
  mayCarryCookie: boolean;
  /** Whether that cookie goes over https only. */
  cookieIsSecure: boolean;
  /** What the route asked for. */
  savePolicy: SavePolicy;
  touch: boolean;
  /** The engine that its session is loaded by. */
  engine: SessionEngine;
  /** What `requestSession` has made of a record, so that guards and handlers share it. */
  shown: { state: SessionState; as: RequestSession } | undefined;
  /** What the request came with; undefined until its session is loaded. */
  arrival: Arrival | undefined;
}

/** What a request came with, to know later whether its session is another one or was changed. */
export interface Arrival {
  /** The session token that was presented, verified. */
  token: string | undefined;
  /** The id of the session that it was given at first. */
  id: string;
  /** What that session held when it was loaded. */
  data: JsonData | undefined;
  touched: boolean;
  /** What `req.session` was offered as; see `offerSession`. */
  unread: UnreadSession | undefined;
}

/** What a request's Session is made of when somebody looks at it. */
export interface UnreadSession {
  /** The request itself, whatever stands in for it where the Session is asked for. */
  readonly req: Request;
  readonly state: SessionState;
  readonly store: { install(req: Request, state: SessionState): unknown };
}

const KEY = Symbol('latchkey.request');
// A user agent is shown in listings; more of it than this is not read by people.
const MAX_USER_AGENT = 256;
const MAX_ADDRESS = 128;

type Carrier = IncomingMessage & { [KEY]?: RequestState; ip?: string };

export function requestStateOf(req: IncomingMessage): RequestState | undefined {
  return (req as Carrier)[KEY];
}

export function beginRequest(
  req: IncomingMessage,
  transport: Transport | undefined,
  engine: SessionEngine,
  cookieIsSecure = false,
): RequestState {
  const carrier = req as Carrier;
  const state: RequestState = {
    transport,
    credential: transport === undefined ? 'none' : 'invalid',
    session: undefined,
    ip: carrier.ip ?? req.socket.remoteAddress ?? '',
    userAgent: req.headers['user-agent'] ?? '',
    mayCarryCookie: transport !== 'bearer',
    cookieIsSecure,
    savePolicy: 'merge',
    touch: true,
    engine,
    shown: undefined,
    arrival: undefined,
  };
  carrier[KEY] = state;
  return state;
}

/** What a session keeps of the client that it was made for. A proxy may pass on as an address what is none. */
export function clientOf({ ip, userAgent }: RequestState): Pick<SessionMeta, 'ip' | 'userAgent'> {
  return { ip: plainText(ip, MAX_ADDRESS), userAgent: plainText(userAgent, MAX_USER_AGENT) };
}
