import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { bootRedis, closeRedisClient, createRedisClient } from '../src/redis/index.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

describe('the connection to Redis at start', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis(['--requirepass', 'the-password']);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => redis.stop());

  const boot = async (
    settings: { url?: string; password?: string; production?: boolean; deadlineMs?: number } = {},
  ) => {
    const client = createRedisClient(settings.url ?? redis.url);
    client.options.password = settings.password ?? 'the-password';
    const options = {
      url: settings.url ?? redis.url,
      production: settings.production ?? true,
      deadlineMs: settings.deadlineMs ?? 5_000,
    };
    try {
      await bootRedis(client, options);
      expect(await client.ping()).toBe('PONG');
    } finally {
      await closeRedisClient(client);
      expect(client.status).not.toBe('ready');
    }
  };

  it('is ready when bootRedis resolves, and leaves nothing open when closed', async () => {
    await boot();
    const connections = await redis.client().client('LIST');
    expect(String(connections).trim().split('\n')).toHaveLength(1);
  });

  it('refuses a wrong password at once and without repeating it', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const started = performance.now();
    await expect(boot({ password: 'wrong-password' })).rejects.toThrow(
      `Redis at ${redis.url} refuses the credentials. Check user and password in REDIS_URL.`,
    );
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it('says where it looked when nobody answers', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await expect(boot({ url: 'unix:/nowhere/redis.sock', deadlineMs: 300 })).rejects.toThrow(
      /^Redis at unix:\/nowhere\/redis\.sock was not ready within 0\.3 s: .*ENOENT.*\. Start it, or set REDIS_URL/,
    );
  });

  it('waits for a Redis that starts a moment later', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    await redis.kill();
    const booted = boot();
    await redis.restart();
    await booted;
    expect(log.mock.calls).toEqual([['Redis answers again']]);
  });

  it('refuses in production a Redis that may evict sessions, and warns of it in development', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const admin = redis.client();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(boot()).rejects.toThrow(/maxmemory-policy allkeys-lru.*Set "maxmemory-policy noeviction"/);
    expect(warn).not.toHaveBeenCalled();
    await boot({ production: false });
    expect(warn.mock.calls[0]?.[0]).toMatch(/maxmemory-policy allkeys-lru/);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
  });
});
