import { describe, expect, it } from '@jest/globals';
import type { DecodedSession } from '../store/session-codec.js';
import { diagnose, type SessionFacts } from './session-findings.js';

const NOW = 1_700_000_000_000;
const OF_USER = { tag: 'tag', digest: 'digest', ofUser: true };
const ANONYMOUS = { tag: 'tag', digest: 'digest', ofUser: false };
const SOUND: SessionFacts = {
  nowMs: NOW,
  type: 'string',
  raw: '',
  ttlMs: 60_000,
  scoreMs: NOW + 60_000,
  indexTtlMs: 600_000,
  generation: 5,
};
const RECORD: DecodedSession = {
  header: { touchedMs: NOW, absoluteExpiryMs: NOW + 600_000, createdMs: NOW, generation: 5, revision: 1 },
  meta: undefined,
  data: {},
};
const withHeader = (header: Partial<DecodedSession['header']>): DecodedSession => ({
  ...RECORD,
  header: { ...RECORD.header, ...header },
});

describe('diagnose', () => {
  it('finds nothing wrong with a sound session, nor with one that has gone meanwhile', () => {
    expect(diagnose(OF_USER, SOUND, RECORD, true)).toEqual([]);
    expect(diagnose(ANONYMOUS, { ...SOUND, scoreMs: undefined, indexTtlMs: -2 }, RECORD, true)).toEqual([]);
    expect(diagnose(OF_USER, { ...SOUND, type: 'none' }, 'corrupt', false)).toEqual([]);
  });

  it('forgives the millisecond between two clocks', () => {
    expect(diagnose(OF_USER, { ...SOUND, scoreMs: NOW + 60_001 }, RECORD, true)).toEqual([]);
  });

  it.each([
    ['a record that cannot be read', SOUND, 'corrupt' as const, true, ['record-corrupt']],
    ['a record of another version', SOUND, 'other-version' as const, true, ['record-of-other-version']],
    ['a user who does not own the key', SOUND, RECORD, false, ['record-foreign']],
    ['an older generation', { ...SOUND, generation: 6 }, RECORD, true, ['record-dead']],
    [
      'an absolute expiry that has passed',
      SOUND,
      withHeader({ absoluteExpiryMs: NOW }),
      true,
      ['record-dead'],
    ],
    ['no TTL', { ...SOUND, ttlMs: -1 }, RECORD, true, ['record-without-ttl']],
    [
      'no TTL and no index entry',
      { ...SOUND, ttlMs: -1, scoreMs: undefined },
      RECORD,
      true,
      ['record-without-ttl', 'record-not-indexed'],
    ],
    ['no index entry', { ...SOUND, scoreMs: undefined }, RECORD, true, ['record-not-indexed']],
    [
      'an index entry of another expiry',
      { ...SOUND, scoreMs: NOW + 10_000 },
      RECORD,
      true,
      ['score-differs'],
    ],
    ['an index that ends before it', { ...SOUND, indexTtlMs: 30_000 }, RECORD, true, ['index-expires-early']],
  ])('finds %s', (_name, facts, decoded, owned, findings) => {
    expect(diagnose(OF_USER, facts, decoded, owned)).toEqual(findings);
  });

  it('asks of a session that a login has taken over only that it ends', () => {
    expect(diagnose(ANONYMOUS, SOUND, 'moved', false)).toEqual([]);
    expect(diagnose(ANONYMOUS, { ...SOUND, ttlMs: -1 }, 'moved', false)).toEqual(['record-without-ttl']);
  });

  it('finds a user in what should be an anonymous session', () => {
    expect(diagnose(ANONYMOUS, SOUND, RECORD, false)).toEqual(['record-foreign']);
  });
});
