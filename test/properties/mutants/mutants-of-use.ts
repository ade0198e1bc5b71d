import { inScript, NOT_OF_GENERATION, PRUNE, type Mutant } from './mutant.js';

/** Saving, touching and rotating a session. Each mechanism of the scripts for it, taken out. */
export const MUTANTS_OF_USE: Mutant[] = [
  ...inScript('save-session', [
    [
      'a save revives a session that is gone',
      "if header == '' then return {'GONE'} end",
      "if header == '' then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) return {'OK', now} end",
    ],
    [
      'a save does not compare the generation',
      NOT_OF_GENERATION,
      '',
      ['revocationsOfAll'],
      { inlineDeletes: 0, sweeps: false },
    ],
    ['a save writes over what a login took', "then return {'MOVED'} end", 'then end', ['visits']],
    [
      'a save does not compare the revision',
      'if string.sub(header, 54, 63) ~= ARGV[2] then',
      'if false then',
    ],
    ['a save extends the absolute lifetime', 'math.min(tonumber(ARGV[4]), left)', 'tonumber(ARGV[4])', []],
    ['a save does not count as use', "redis.call('SETRANGE', KEYS[1], 1, string.format('%013.0f', now))", ''],
    ['a save leaves the score alone', "redis.call('ZADD', KEYS[2], now + ttl, ARGV[1]) == 1", 'false'],
    ['a save makes an index without expiry', "redis.call('PEXPIRE', KEYS[2], left)", '', ['lostIndexes']],
    ['a save does not prune the index', PRUNE(2), '0', [], { maxSessions: 0 }],
  ]),
  ...inScript('touch-session', [
    [
      'a touch does not compare the generation',
      NOT_OF_GENERATION,
      '',
      ['touches', 'revocationsOfAll'],
      { inlineDeletes: 0, sweeps: false },
    ],
    ['a touch revives what a login took', " or string.sub(header, 1, 1) == 'M'", '', ['touches', 'visits']],
    ['every touch writes', 'if now - last < tonumber(ARGV[3]) then', 'if false then', ['touches']],
    [
      'a touch extends the absolute lifetime',
      'math.min(tonumber(ARGV[2]), left)',
      'tonumber(ARGV[2])',
      ['touches'],
    ],
    ['a touch is not noted', "redis.call('SETRANGE', KEYS[1], 1, string.format('%013.0f', now))", ''],
    ['a touch does not slide the idle timeout', "redis.call('PEXPIREAT', KEYS[1], now + ttl)", ''],
    ['a touch leaves the score alone', "redis.call('ZADD', KEYS[2], now + ttl, ARGV[1]) == 1", 'false'],
    [
      'a touch makes an index without expiry',
      "redis.call('PEXPIRE', KEYS[2], left)",
      '',
      ['touches', 'lostIndexes'],
    ],
    ['a touch does not prune the index', PRUNE(2), '0', ['touches'], { maxSessions: 0 }],
  ]),
  ...inScript('rotate-session', [
    [
      'a rotation revives a session that is gone',
      "if header == '' then return {'GONE'} end",
      "if header == '' then header = string.format('1%013.0f%013.0f%013.0f%013.0f', now, now + ARGV[6], now, now) .. ARGV[3] end",
    ],
    [
      'a rotation does not compare the generation',
      "if tonumber(string.sub(header, 41, 53)) < generation then return {'GONE'} end",
      '',
      ['rotations', 'revocationsOfAll'],
      { inlineDeletes: 0, sweeps: false },
    ],
    [
      'a rotation does not compare the revision',
      'if string.sub(header, 54, 63) ~= ARGV[3] then',
      'if false then',
      ['rotations'],
    ],
    [
      'a rotation begins a new absolute lifetime',
      'math.min(tonumber(string.sub(header, 15, 27)), now + tonumber(ARGV[6]))',
      'now + tonumber(ARGV[6])',
    ],
    [
      'a rotation forgets how short the new profile is',
      'math.min(tonumber(string.sub(header, 15, 27)), now + tonumber(ARGV[6]))',
      'tonumber(string.sub(header, 15, 27))',
      ['rotations', 'principals'],
    ],
    [
      'a rotation forgets when the session was made',
      'local created = tonumber(string.sub(header, 28, 40))',
      'local created = now',
    ],
    [
      'a rotation leaves the old id usable',
      "redis.call('UNLINK', KEYS[1])\nredis.call('SET'",
      "redis.call('SET'",
      ['rotations'],
    ],
    ['a rotation leaves the old id in the index', "redis.call('ZREM', KEYS[3], ARGV[1])", ''],
    [
      'a rotation does not index the new id',
      "redis.call('ZADD', KEYS[3], now + ttl, ARGV[2])",
      '',
      ['rotations'],
    ],
    ['a rotation spares the others', 'generation = math.max(generation + 1, now)', '', ['rotations']],
    [
      'a rotation makes an index without expiry',
      "if redis.call('PTTL', KEYS[3]) < absolute - now then redis.call('PEXPIRE', KEYS[3], absolute - now) end",
      '',
    ],
    [
      'a rotation does not renew the memory of revocations',
      "  redis.call('PEXPIRE', KEYS[4], ARGV[8])",
      '',
      ['rotations'],
    ],
    [
      'a rotation leaves no mark under the old id',
      "if ARGV[9] ~= '' then redis.call('SET', ARGV[9], '', 'PX', ARGV[10]) end",
      '',
      ['rotations', 'latecomers'],
    ],
    ['the mark under an old id stays for ever', ", 'PX', ARGV[10])", ')', ['rotations']],
    ['a rotation does not prune the index', PRUNE(3), '', ['rotations'], { maxSessions: 0 }],
  ]),
];
