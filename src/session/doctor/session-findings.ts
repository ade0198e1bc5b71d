import type { DecodedSession } from '../store/session-codec.js';
import type { NoRecord } from '../store/session-record.js';
import type { SessionAddress } from '../token/session-id.js';

/** Every inconsistency that the doctor knows, with what it means for people. */
export const FINDINGS = {
  'record-corrupt': 'records that cannot be read; they count as no session',
  'record-of-other-version':
    'records of another format version, as another version of this program writes them; left alone',
  'record-foreign':
    'records of a user who does not own their key; they count as no session, and a repair leaves them alone',
  'record-dead': 'records that were revoked or are beyond their absolute expiry; no request accepts them',
  'record-without-ttl': 'records that would never expire by themselves',
  'record-not-indexed': 'live sessions that no listing shows',
  'score-differs': 'live sessions whose place in the index is that of another expiry',
  'index-expires-early': 'indexes that would expire before a session in them',
  'index-without-ttl': 'indexes that would never expire by themselves',
  'index-corrupt': 'indexes that are no sorted set',
  'member-without-record': 'index entries that promise a session where there is none',
} as const;

/** One of the things that can be wrong with what Redis holds. */
export type Finding = keyof typeof FINDINGS;

/** What Redis holds about one session, read at one instant. Times in ms of Redis's clock, TTLs as PTTL says them. */
export interface SessionFacts {
  nowMs: number;
  /** Type of the record's key; 'none' when it is gone. */
  type: string;
  raw: string;
  ttlMs: number;
  /** Expiry by the index; undefined when it is not there. */
  scoreMs: number | undefined;
  indexTtlMs: number;
  generation: number;
}

// A script's TIME and the clock that expires keys may differ by a millisecond, and pruning leaves a second.
const SLACK_MS = 1_000;

/**
 * What is wrong with a session.
 * @param decoded the record, or why it is none
 * @param owned whether the user in it owns its key, or, for an anonymous session, whether there is none in it
 */
export function diagnose(
  at: SessionAddress,
  facts: SessionFacts,
  decoded: DecodedSession | NoRecord,
  owned: boolean,
): Finding[] {
  if (facts.type === 'none') return [];
  if (decoded === 'corrupt') return ['record-corrupt'];
  if (decoded === 'other-version') return ['record-of-other-version'];
  const unlimited: Finding[] = facts.ttlMs === -1 ? ['record-without-ttl'] : [];
  if (decoded === 'moved') return unlimited;
  const { absoluteExpiryMs, generation } = decoded.header;
  if ((at.ofUser && generation < facts.generation) || absoluteExpiryMs <= facts.nowMs) return ['record-dead'];
  if (!owned) return ['record-foreign'];
  return at.ofUser ? [...unlimited, ...diagnoseIndex(facts)] : unlimited;
}

function diagnoseIndex({ nowMs, ttlMs, scoreMs, indexTtlMs }: SessionFacts): Finding[] {
  if (scoreMs === undefined) return ['record-not-indexed'];
  // Without a TTL of its own there is no expiry that the index could agree with.
  if (ttlMs < 0) return [];
  const findings: Finding[] = [];
  if (Math.abs(scoreMs - (nowMs + ttlMs)) > SLACK_MS) findings.push('score-differs');
  if (indexTtlMs >= 0 && indexTtlMs + SLACK_MS < ttlMs) findings.push('index-expires-early');
  return findings;
}
