import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { createRedisClient, describeRedisUrl, retryDelayMs } from './redis-client.js';

describe('createRedisClient', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('reads every form of REDIS_URL', () => {
    expect(createRedisClient('unix:/run/redis.sock').options).toMatchObject({ path: '/run/redis.sock' });
    expect(createRedisClient('redis://app:pw@cache:6380/2').options).toMatchObject({
      host: 'cache',
      port: 6380,
      username: 'app',
      password: 'pw',
      db: 2,
    });
    expect(createRedisClient('rediss://cache').options.tls).toBeTruthy();
  });

  it('queues nothing and repeats nothing while Redis is away', async () => {
    const client = createRedisClient('redis://cache');
    expect(client.options).toMatchObject({
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    expect(client.status).toBe('wait');
  });

  it('connects anew when the server says that it is no primary any more, and for no other error', () => {
    const { reconnectOnError } = createRedisClient('redis://cache').options;
    expect(reconnectOnError?.(new Error("READONLY You can't write against a read only replica."))).toBe(1);
    expect(reconnectOnError?.(new Error('LOADING Redis is loading the dataset in memory'))).toBe(1);
    expect(reconnectOnError?.(new Error('ERR unknown command READONLY'))).toBe(false);
  });

  it('logs one error a second at most, and that it is over', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const client = createRedisClient('redis://cache');
    for (let i = 0; i < 100; i += 1) client.emit('error', new Error('connect ECONNREFUSED'));
    client.emit('ready');
    client.emit('ready');
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
      for (let i = 0; i < 50; i += 1) {
        expect(retryDelayMs(attempt)).toBeGreaterThanOrEqual(ceiling / 2);
        expect(retryDelayMs(attempt)).toBeLessThanOrEqual(ceiling);
      }
    }
  });
});

describe('describeRedisUrl', () => {
  it('leaves out user, password and options', () => {
    expect(describeRedisUrl('rediss://app:secret@cache:6380/2?password=secret')).toBe(
      'rediss://cache:6380/2',
    );
    expect(describeRedisUrl('unix:/run/redis.sock')).toBe('unix:/run/redis.sock');
  });
});
