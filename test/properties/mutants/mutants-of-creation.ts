import { inScript, PRUNE, type Mutant } from './mutant.js';

/** Making a session, and taking an anonymous one along. Each mechanism of the scripts for it, taken out. */
export const MUTANTS_OF_CREATION: Mutant[] = [
  ...inScript('create-session', [
    [
      'a login leaves no mark under the id of the session that it replaces',
      "if ARGV[14] ~= '' then redis.call('SET', ARGV[14], '', 'PX', ARGV[15]) end",
      '',
      ['latecomers'],
    ],
    [
      'a login does not compare the generation of its ticket',
      "if ARGV[5] ~= '' and tonumber(ARGV[5]) ~= generation then",
      'if false then',
      ['tickets', 'revocationsOfAll'],
    ],
    [
      'creating a session overwrites one',
      "if redis.call('EXISTS', KEYS[1]) == 1 then",
      'if false then',
      ['puts'],
    ],
    ['a login does not prune the index', PRUNE(2), '0', [], { maxSessions: 0 }],
    [
      'a login counts members of the index that are dead',
      "if header == '' or tonumber(string.sub(header, 41, 53)) < generation then",
      "if header == '' then live[#live + 1] = {digest, now}\n      elseif false then",
      ['lostRecords'],
    ],
    [
      'a login lets in one session too many',
      'local over = #live + 1 - maximum',
      'local over = #live - maximum',
    ],
    ['a login does not look at the limit', 'if maximum > 0 then', 'if false then'],
    ['a login evicts where it should refuse', "if ARGV[7] == 'reject' then", 'if false then'],
    [
      'a login evicts the most recently used',
      'return a[2] < b[2]',
      'return a[2] > b[2]',
      [],
      { maxSessions: 2, limitPolicy: 'evict-lru' },
    ],
    [
      'evict-oldest looks at the last use',
      "ARGV[7] == 'evict-oldest'",
      'false',
      [],
      { maxSessions: 2, limitPolicy: 'evict-oldest' },
    ],
    [
      'evict-lru looks at the creation',
      'string.sub(header, 2, 14)',
      'string.sub(header, 28, 40)',
      [],
      { maxSessions: 2, limitPolicy: 'evict-lru' },
    ],
    ['an evicted session stays usable', "redis.call('UNLINK', prefix .. live[i][1])", ''],
    ['a replaced session counts against the limit', 'if digest ~= replaced then', 'if true then'],
    ['a replaced session stays usable', "redis.call('UNLINK', prefix .. replaced)", ''],
    ['a new session is not indexed', "redis.call('ZADD', KEYS[2], now + ttl, ARGV[1])", ''],
    [
      'the index of new sessions has no expiry',
      "if redis.call('PTTL', KEYS[2]) < absolute then redis.call('PEXPIRE', KEYS[2], absolute) end",
      '',
    ],
    [
      'the generation is not remembered for a new session',
      "if generation > 0 and redis.call('PTTL', KEYS[3]) < tonumber(ARGV[8]) then",
      'if false then',
    ],
    ['a new session is of no generation', 'now, generation, 1)', 'now, 0, 1)'],
    ['a new session has no idle timeout', 'math.min(tonumber(ARGV[3]), absolute)', 'absolute'],
  ]),
  ...inScript('take-anonymous-session', [
    ['an anonymous session can be taken twice', "redis.call('SETRANGE', KEYS[1], 0, 'M')", ''],
  ]),
  ...inScript('return-anonymous-session', [
    [
      'what a failed login took is lost',
      "redis.call('SETRANGE', KEYS[1], 0, '1')",
      '',
      ['visits', 'revocationsOfAll', 'tickets'],
    ],
    [
      'a failed login extends the absolute lifetime',
      'math.min(tonumber(ARGV[1]), tonumber(string.sub(header, 15, 27)) - now)',
      'tonumber(ARGV[1])',
      ['visits'],
      { maxSessions: 1, limitPolicy: 'reject' },
    ],
  ]),
];
