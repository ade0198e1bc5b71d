import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionEndedError, SessionMovedError } from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

// A save that has lost several times waits and reads what is stored by then; a login may have been there meanwhile.
describe('a save that steps aside', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());

  /** Saves a session that others change until it steps aside; `meanwhile` happens before it looks again. */
  const saveWhile = async (meanwhile: (store: RedisSessionStore, token: string) => Promise<unknown>) => {
    const store = new RedisSessionStore({ client });
    const token = newSessionToken();
    await store.set(token, { cookie: { originalMaxAge: null }, cart: [] } as never);
    const session = await store.get(token);
    session.cart.push('tea');

    const { repository } = store.engine;
    const { save, load } = repository;
    let rival = 0;
    const saving = jest.spyOn(repository, 'save').mockImplementation(async (...args) => {
      const { tag, digest } = addressOf(token);
      rival += 1;
      await client.setrange(`lk:sess:{${tag}}:${digest}`, 53, String(rival + 1).padStart(10, '0'));
      return save.apply(repository, args);
    });
    const loading = jest.spyOn(repository, 'load').mockImplementation(async (...args) => {
      await meanwhile(store, token);
      return load.apply(repository, args);
    });
    try {
      await store.set(token, session);
    } finally {
      expect(loading).toHaveBeenCalled();
      saving.mockRestore();
      loading.mockRestore();
    }
  };

  it('says that the session has moved when a login took it over meanwhile', async () => {
    await expect(
      saveWhile((store, token) => store.engine.repository.takeAnonymous(addressOf(token))),
    ).rejects.toThrow(SessionMovedError);
  });

  it('says that the session has ended when it did meanwhile', async () => {
    await expect(saveWhile((store, token) => store.destroy(token))).rejects.toThrow(SessionEndedError);
  });
});
