import UAParser from 'ua-parser-js';
import type { SessionEngine } from './store/session-engine.js';
import type { SessionState } from './store/session-state.js';
import type { SessionView } from './session.types.js';

// A user agent takes longer to parse than all else that a session's view needs, and few are in use at a time.
const MAX_DEVICES = 1_000;
const devices = new Map<string, SessionView['device']>();

const iso = (ms: number) => new Date(Math.round(ms)).toISOString();

/** Shows a session to its owner or an admin. */
export function viewOf(
  engine: SessionEngine,
  state: Pick<SessionState, 'at' | 'meta' | 'header' | 'seen'>,
  current: boolean,
): SessionView {
  const { header, meta } = state;
  const userAgent = meta?.userAgent ?? '';
  return {
    id: engine.ring.handle(state.at.digest),
    current,
    createdAt: iso(header.createdMs),
    authenticatedAt: iso(meta?.authenticatedAt ?? header.createdMs),
    lastSeenAt: iso(header.touchedMs),
    expiresAt: iso(engine.expiresMs(state)),
    absoluteExpiresAt: iso(header.absoluteExpiryMs),
    ip: meta?.ip ?? '',
    userAgent,
    device: { ...deviceOf(userAgent) },
  };
}

/** What a user agent says of itself: a guess for people to recognise a device by, never an input to a decision. */
export function deviceOf(userAgent: string): Readonly<SessionView['device']> {
  const known = devices.get(userAgent);
  if (known) return known;
  if (devices.size >= MAX_DEVICES) devices.clear();
  const device = parseDevice(userAgent);
  devices.set(userAgent, device);
  return device;
}

function parseDevice(userAgent: string): SessionView['device'] {
  const { browser, os, device } = new UAParser(userAgent).getResult();
  const name = (part: { name?: string | undefined; version?: string | undefined }) =>
    part.name === undefined ? null : [part.name, part.version?.split('.')[0]].filter(Boolean).join(' ');
  // The parser names the kind of device only when it is not a computer.
  const type = device.type ?? (browser.name !== undefined || os.name !== undefined ? 'desktop' : 'unknown');
  return { browser: name(browser), os: name(os), type };
}
