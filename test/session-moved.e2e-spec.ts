import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionEndedError, SessionMovedError } from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf, type SessionHost, startSessionHost } from './support/session-host.js';

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

// Of a browser with several tabs: what one of them had sent before another one's answer brought the new id.
describe('a request with the id from before, on a route for everybody', () => {
  const SENT_AT_ONCE = 10;
  let redis: TestRedis;
  let client: Redis;
  let here: SessionHost;
  let there: SessionHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
    here = await startSessionHost(client);
    there = await startSessionHost(redis.client());
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await redis.stop();
  });
  beforeEach(() => client.flushall());

  const fill = (cookie: string, host = there) => host.call('POST', '/cart?item=tea', { cookie });
  const moves: Record<string, (cookie: string) => Promise<Response>> = {
    'a rotation': (cookie) => here.call('POST', '/rotate', { cookie }),
    'a login of the same user': (cookie) => here.call('POST', '/login', { cookie }),
    'a login of another user': (cookie) => here.call('POST', '/login?user=bob', { cookie }),
  };

  it.each(Object.keys(moves))(
    'sets no cookie when it comes after %s, and what that has set is good',
    async (move) => {
      const old = await here.login();
      const cookie = cookieOf((await moves[move]?.(old)) as Response);
      for (const host of [here, there]) {
        const late = await fill(old, host);
        expect([late.status, await codeOf(late)]).toEqual([409, 'SESSION_MOVED']);
        expect(late.headers.getSetCookie()).toEqual([]);
      }
      // Reading leaves nothing, and so takes nothing away; it opens nothing either.
      const read = await there.call('GET', '/me', { cookie: old });
      expect([read.status, read.headers.getSetCookie()]).toEqual([200, []]);
      expect((await there.me({ cookie: old })).user).toBeNull();
      expect((await fill(cookie)).status).toBe(201);
      expect((await here.me({ cookie })).cart).toEqual(['tea']);
    },
  );

  it('sets no cookie when it arrives while the session is being rotated, whoever is first', async () => {
    const old = await here.login();
    const { open, waiting } = here.gate.close();
    const rotation = here.call('POST', '/rotate', { cookie: old });
    await waiting;
    here.gate.letOthersPass();
    open();
    const answers = await Promise.all(
      Array.from({ length: SENT_AT_ONCE }, (_, i) => fill(old, i % 2 ? here : there)),
    );
    const cookie = cookieOf(await rotation);
    for (const answer of answers) {
      expect([201, 401, 409]).toContain(answer.status);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect((await here.me({ cookie })).user).toBe('ada');
  });

  it('makes a visitor of somebody who has logged out, or whose session was ended by another', async () => {
    const old = await here.login();
    await here.call('POST', '/logout', { cookie: old });
    expect((await fill(old)).headers.getSetCookie()).toHaveLength(1);
    const device = await here.login();
    const [session] = await here.sessions.list('ada');
    await here.call('POST', `/login?revokeSessionId=${session?.id}`);
    expect((await fill(device)).headers.getSetCookie()).toHaveLength(1);
  });

  it('is refused for a minute, and no longer: the mark expires by itself', async () => {
    const old = await here.login();
    await here.call('POST', '/rotate', { cookie: old });
    const [mark, ...others] = await client.keys('lk:moved:*');
    expect(others).toEqual([]);
    const ttl = await client.pttl(mark as string);
    expect(ttl).toBeGreaterThan(50_000);
    expect(ttl).toBeLessThanOrEqual(60_000);
    await client.del(mark as string);
    expect((await fill(old)).headers.getSetCookie()).toHaveLength(1);
  });
});
