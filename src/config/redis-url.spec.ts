import { describe, expect, it } from '@jest/globals';

import { parseRedisUrl, type RedisServers } from './redis-url.js';

const SINGLE: RedisServers = {
  topology: 'single',
  tls: false,
  socket: undefined,
  hosts: [],
  primaryName: undefined,
  user: undefined,
  password: undefined,
  database: 0,
};
const a = { host: 'a', port: 6379 };
const b = { host: 'b', port: 7000 };

describe('parseRedisUrl', () => {
  it.each<[string, Partial<RedisServers>]>([
    ['redis://a', { hosts: [a] }],
    ['redis://app:p%40ss@b:7000/2', { hosts: [b], user: 'app', password: 'p@ss', database: 2 }],
    ['redis://:p@ss:word@a', { hosts: [a], password: 'p@ss:word' }],
    ['rediss://[::1]:6380', { tls: true, hosts: [{ host: '::1', port: 6380 }] }],
    ['unix:/run/redis.sock', { socket: '/run/redis.sock' }],
    ['unix:///run/redis.sock', { socket: '/run/redis.sock' }],
    ['unix://app:pw@/run/redis.sock', { socket: '/run/redis.sock', user: 'app', password: 'pw' }],
    [
      'redis+sentinel://app:pw@a:6379,b:7000/my.primary',
      { topology: 'sentinel', hosts: [a, b], user: 'app', password: 'pw', primaryName: 'my.primary' },
    ],
    [
      'rediss+sentinel://a/one/3',
      {
        topology: 'sentinel',
        tls: true,
        hosts: [{ host: 'a', port: 26379 }],
        primaryName: 'one',
        database: 3,
      },
    ],
    ['redis+cluster://a,b:7000', { topology: 'cluster', hosts: [a, b] }],
    ['rediss+cluster://:pw@a/0', { topology: 'cluster', tls: true, hosts: [a], password: 'pw' }],
  ])('reads %s', (text, expected) => {
    expect(parseRedisUrl(text)).toEqual({ ...SINGLE, ...expected });
  });

  it.each([
    '',
    'redis',
    'redis://',
    'http://a',
    'redis://a,b',
    'redis://a:0',
    'redis://a:65536',
    'redis://a/name',
    'redis://user@a',
    'redis://%zz:pw@a',
    'redis://a?password=pw',
    'redis+sentinel://a',
    'redis+sentinel://a/',
    'redis+cluster://a/1',
    'redis+cluster://a,,b',
    'redis+proxy://a',
    'unix:',
    'unix:relative.sock',
    'unix+cluster:/run/redis.sock',
  ])('refuses "%s"', (text) => {
    expect(parseRedisUrl(text)).toBeNull();
  });
});
