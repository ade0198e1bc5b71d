import { inScript, type Mutant } from './mutant.js';

/** Ending sessions, listing them, and telling them about their user. Each mechanism of the scripts for it, taken out. */
export const MUTANTS_OF_ENDING: Mutant[] = [
  ...inScript('revoke-all-sessions', [
    [
      'a revoke-all does not raise the generation',
      "redis.call('SET', KEYS[2], string.format('%.0f', generation), 'PX', ARGV[3])",
      '',
    ],
    [
      'two revoke-alls in a millisecond are one',
      'math.max(before + 1, now)',
      'now',
      ['revocationsInTheMidst'],
    ],
    ['a revoke-all is remembered for ever', ", 'PX', ARGV[3])", ')'],
    [
      'a kept session stays of the old generation',
      "string.format('%013.0f%010.0f', generation, revision)",
      "string.format('%013.0f%010.0f', before, revision)",
    ],
    [
      'a kept session keeps its revision',
      'tonumber(string.sub(header, 54, 63)) + 1',
      'tonumber(string.sub(header, 54, 63))',
    ],
    ['a kept session falls out of the index', "redis.call('ZADD', KEYS[1], kept[1], keep)", ''],
    ['the index of a kept session has no expiry', "redis.call('PEXPIRE', KEYS[1], kept[2] - now)", ''],
    [
      'a revoke-all counts what has expired',
      "redis.call('ZCOUNT', KEYS[1], now, '+inf')",
      "redis.call('ZCARD', KEYS[1])",
      ['revocationsOfAll'],
    ],
  ]),
  ...inScript('destroy-session', [
    ['a destroyed session stays usable', "redis.call('UNLINK', KEYS[1])", ''],
    [
      'a login as another user leaves no mark under the old id',
      "if ARGV[4] ~= '' then redis.call('SET', ARGV[4], '', 'PX', ARGV[5]) end",
      '',
      ['latecomers'],
    ],
    ['a destroyed session stays in the index', "redis.call('ZREM', KEYS[2], ARGV[1])", ''],
    [
      'ending a dead session is news',
      'then return 0 end\nend',
      'then end\nend',
      ['revocationsOfAll', 'logouts'],
      { inlineDeletes: 0, sweeps: false },
    ],
    [
      'ending what a login took is news',
      " or string.sub(header, 1, 1) == 'M'",
      '',
      ['visits', 'logouts', 'ends'],
    ],
  ]),
  ...inScript('list-sessions', [
    [
      'a list does not heal the index',
      "redis.call('ZREM', KEYS[1], digest)",
      '',
      ['lists', 'lostRecords'],
      { maxSessions: 0 },
    ],
  ]),
  ...inScript('set-principal', [
    [
      'an older principal wins',
      '>= tonumber(ARGV[1]) then',
      '>= tonumber(ARGV[1]) * 1000 then',
      ['principals'],
    ],
  ]),
  ...inScript('begin-revoke-everyone', [
    ['ending everybody does not raise the epoch', "redis.call('INCR', KEYS[1])", '0', ['ends', 'tickets']],
  ]),
  ...inScript('end-user-sessions', [
    [
      'ending everybody leaves their indexes',
      "    if not corrupt then redis.call('ZREM', KEYS[1], digest) end\n  end\nend\nif corrupt or not ending then",
      '  end\nend\nif true then',
      ['ends'],
    ],
    ['ending everybody ends the one to keep', '{}, {[keep] = true}', '{}, {}', ['ends']],
    [
      'ending everybody counts who is dead already',
      'and (tonumber(string.sub(header, 41, 53)) or 0) >= generation then',
      'then',
      ['ends', 'revocationsOfAll'],
      { inlineDeletes: 0, sweeps: false },
    ],
  ]),
];
