import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request } from 'express';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionStoreUnavailableError } from '../src/session/index.js';
import { newSessionToken } from '../src/session/token/session-id.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Call = (store: RedisSessionStore, token: string, callback?: (...args: unknown[]) => void) => unknown;

describe('every method of a store', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    store = new RedisSessionStore({ client });
  });

  const session = (data: object = {}) =>
    ({ cookie: { originalMaxAge: null }, ...data }) as SessionData & Record<string, unknown>;
  const requestOf = (token: string) =>
    ({ sessionID: token, sessionStore: store, headers: {} }) as unknown as Request;

  const CALLS: [name: string, call: Call][] = [
    ['get', (s, token, callback) => s.get(token, callback)],
    ['set', (s, token, callback) => s.set(token, session(), callback)],
    ['touch', (s, token, callback) => s.touch(token, session(), callback)],
    ['destroy', (s, token, callback) => s.destroy(token, callback)],
    ['all', (s, _token, callback) => s.all(callback)],
    ['ids', (s, _token, callback) => s.ids(callback)],
    ['length', (s, _token, callback) => s.length(callback)],
    ['clear', (s, _token, callback) => s.clear(callback)],
    ['load', (s, token, callback) => s.load(token, callback)],
    ['regenerate', (s, token, callback) => s.regenerate(requestOf(token), callback)],
  ];

  it.each(CALLS)('%s calls back once with its result', async (_name, call) => {
    const calls: unknown[][] = [];
    await call(store, newSessionToken(), (...args) => calls.push(args));
    expect(calls).toHaveLength(1);
    expect(calls[0]?.[0]).toBeNull();
  });

  it.each(CALLS)('%s returns a promise without a callback', async (_name, call) => {
    const result = call(store, newSessionToken());
    expect(result).toBeInstanceOf(Promise);
    await result;
  });

  it.each(CALLS)('%s calls back once and rejects with one error when Redis is away', async (_name, call) => {
    const away = redis.client({ lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null });
    const broken = new RedisSessionStore({ client: away });
    const calls: unknown[][] = [];
    await call(broken, newSessionToken(), (...args) => calls.push(args));
    expect(calls).toEqual([[expect.any(SessionStoreUnavailableError), undefined]]);
    await expect(call(broken, newSessionToken())).rejects.toThrow(SessionStoreUnavailableError);
  });

  it.each(CALLS)(
    '%s calls back once when the callback throws, and passes that on like any callback',
    async (_name, call) => {
      const thrown: unknown[] = [];
      const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((run) => {
        try {
          (run as () => void)();
        } catch (error) {
          thrown.push((error as Error).message);
        }
      });
      let calls = 0;
      const threw = new Promise<void>((resolve) => {
        void call(store, newSessionToken(), () => {
          calls += 1;
          setImmediate(() => setImmediate(resolve));
          throw new Error('from the callback');
        });
      });
      try {
        await threw;
      } finally {
        nextTick.mockRestore();
      }
      expect(calls).toBe(1);
      expect(thrown).toContain('from the callback');
    },
  );
});
