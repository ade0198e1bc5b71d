import type { DecodedSession } from '../store/session-codec.js';
import type { NoRecord } from '../store/session-record.js';
import type { SessionMeta } from '../session.types.js';
import type { Finding, SessionFacts } from './session-findings.js';

/** A session as it lies in Redis, without the values of its data and without anything that authenticates. */
export interface SessionInspection {
  /** The handle. */
  id: string;
  /** Name of the record's key in Redis. */
  key: string;
  /** 'live' says that the record itself is sound and accepted; the program also refuses disabled users. */
  state: 'live' | 'dead' | 'gone' | NoRecord;
  /** The record's header, times as ISO 8601; null when it cannot be read. */
  header: {
    lastSeenAt: string;
    absoluteExpiresAt: string;
    createdAt: string;
    generation: number;
    revision: number;
  } | null;
  /** Remaining lifetime of the record, ms; -1 when it has no end. */
  ttlMs: number;
  /** Expiry as the index has it; null when it is not there. */
  indexedUntil: string | null;
  /** Generation of the user: records with a lower one are dead. */
  generation: number;
  meta: SessionMeta | null;
  /** Top-level keys of the session's data and how many bytes of JSON each takes. */
  data: Record<string, number>;
  bytes: number;
  findings: Finding[];
}

/** Puts together what is shown of a session. */
export function describeSession(
  id: string,
  key: string,
  facts: SessionFacts,
  decoded: DecodedSession | NoRecord,
  findings: Finding[],
): SessionInspection {
  const readable = typeof decoded === 'string' ? null : decoded;
  return {
    id,
    key,
    state: stateOf(facts, decoded, findings),
    header: readable && {
      lastSeenAt: iso(readable.header.touchedMs),
      absoluteExpiresAt: iso(readable.header.absoluteExpiryMs),
      createdAt: iso(readable.header.createdMs),
      generation: readable.header.generation,
      revision: readable.header.revision,
    },
    ttlMs: facts.ttlMs,
    indexedUntil: facts.scoreMs === undefined ? null : iso(facts.scoreMs),
    generation: facts.generation,
    meta: readable?.meta ?? null,
    data: Object.fromEntries(
      Object.entries(readable?.data ?? {}).map(([name, value]) => [name, sizeOf(value)]),
    ),
    bytes: Buffer.byteLength(facts.raw),
    findings,
  };
}

function stateOf(
  facts: SessionFacts,
  decoded: DecodedSession | NoRecord,
  findings: Finding[],
): SessionInspection['state'] {
  if (facts.type === 'none') return 'gone';
  if (typeof decoded === 'string') return decoded;
  return findings.includes('record-dead') || findings.includes('record-foreign') ? 'dead' : 'live';
}

const iso = (ms: number) => new Date(Math.round(ms)).toISOString();

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');
