import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';

import { parseEnv } from '../src/config/index.js';
import { createRedisClient, retryDelayMs } from '../src/redis/redis-client.js';
import { describeRedis, RedisBootError } from '../src/redis/redis-settings.js';

const settingsOf = (url: string, more: Record<string, string> = {}) =>
  parseEnv({
    REDIS_URL: url,
    SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
    SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
    ...more,
  }).redis;
const client = (url: string, more?: Record<string, string>) => createRedisClient(settingsOf(url, more));
const optionsOf = (url: string, more?: Record<string, string>) =>
  client(url, more).options as RedisOptions & ClusterOptions;

describe('createRedisClient', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('reads every form of REDIS_URL', () => {
    expect(optionsOf('unix:/run/redis.sock')).toMatchObject({ path: '/run/redis.sock' });
    expect(optionsOf('redis://app:pw@cache:6380/2')).toMatchObject({
      host: 'cache',
      port: 6380,
      username: 'app',
      password: 'pw',
      db: 2,
    });
    expect(optionsOf('rediss://cache').tls).toBeTruthy();
    const sentinel = 'rediss+sentinel://app:pw@a:1,b:2/primary';
    expect(
      optionsOf(sentinel, { REDIS_SENTINEL_USER: 'watcher', REDIS_SENTINEL_PASSWORD: 'sp' }),
    ).toMatchObject({
      sentinels: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      name: 'primary',
      username: 'app',
      password: 'pw',
      sentinelUsername: 'watcher',
      sentinelPassword: 'sp',
      enableTLSForSentinelMode: true,
      failoverDetector: false,
    });
    const cluster = client('rediss+cluster://app:pw@a:1,b:2') as Cluster;
    expect(cluster.isCluster).toBe(true);
    expect(cluster.options.redisOptions).toMatchObject({ username: 'app', password: 'pw', tls: {} });
  });

  it('names the setting whose file cannot be read', () => {
    expect(() => client('rediss://cache', { REDIS_TLS_CA: '/nowhere/ca.pem' })).toThrow(
      new RedisBootError('The file that REDIS_TLS_CA names cannot be read (ENOENT).'),
    );
  });

  it.each(['redis://cache', 'redis+sentinel://a/primary', 'redis+cluster://a'])(
    'queues nothing, repeats nothing and waits for nothing for long while %s is away',
    (url) => {
      const options = optionsOf(url);
      expect(options).toMatchObject({ enableOfflineQueue: false, enableAutoPipelining: false });
      expect(options.redisOptions ?? options).toMatchObject({
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
        commandTimeout: 500,
        socketTimeout: 1_000,
        connectTimeout: 1_000,
      });
      expect(client(url).status).toBe('wait');
    },
  );

  it('keeps no request waiting for a shard that is away, and finds its successor by itself', () => {
    expect(optionsOf('redis+cluster://a')).toMatchObject({
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      maxRedirections: 4,
      slotsRefreshInterval: 1_000,
      slotsRefreshTimeout: 500,
    });
  });

  it.each(['redis://cache', 'redis+sentinel://a/primary'])(
    'connects anew when %s says that it is no primary any more, and for no other error',
    (url) => {
      const { reconnectOnError } = optionsOf(url);
      expect(reconnectOnError?.(new Error("READONLY You can't write against a read only replica."))).toBe(1);
      expect(reconnectOnError?.(new Error('LOADING Redis is loading the dataset in memory'))).toBe(1);
      expect(reconnectOnError?.(new Error('ERR unknown command READONLY'))).toBe(false);
    },
  );

  it('logs one error of many, and that it is over', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const emitter: Redis | Cluster = client('redis://cache');
    for (let i = 0; i < 100; i += 1) emitter.emit('error', new Error('connect ECONNREFUSED'));
    emitter.emit('ready');
    emitter.emit('ready');
    expect(warn.mock.calls).toEqual([['Redis does not answer: connect ECONNREFUSED']]);
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe('retryDelayMs', () => {
  it('doubles from 50 ms to half a second, a random half of it', () => {
    for (const [attempt, ceiling] of [
      [1, 50],
      [2, 100],
      [4, 400],
      [5, 500],
      [1_000_000, 500],
    ] as const) {
      const delays = Array.from({ length: 100 }, () => retryDelayMs(attempt));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(ceiling / 2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(ceiling);
      // Nodes that lost the same Redis in the same instant do not come back in the same one.
      expect(new Set(delays).size).toBeGreaterThan(10);
      expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(ceiling / 4);
    }
  });
});

describe('describeRedis', () => {
  it.each([
    ['rediss://app:secret@cache:6380/2', 'rediss://cache:6380/2'],
    ['redis://:secret@[::1]', 'redis://[::1]:6379'],
    ['unix://app:secret@/run/redis.sock', 'unix:/run/redis.sock'],
    ['redis+sentinel://app:secret@a,b:1/primary', 'redis+sentinel://a:26379,b:1/primary'],
    ['rediss+cluster://app:secret@a,b:1', 'rediss+cluster://a:6379,b:1'],
  ])('leaves user and password out of %s', (url, place) => {
    expect(describeRedis(settingsOf(url))).toBe(place);
  });
});
