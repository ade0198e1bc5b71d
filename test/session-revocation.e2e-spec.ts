import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, type SessionHost, startSessionHost } from './support/session-host.js';

describe('ending sessions while requests are under way', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SessionHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startSessionHost(client);
  });
  afterEach(() => host.close());

  it('answers 401 without a cookie to a save in flight while its session is revoked', async () => {
    const cookie = await host.login();
    const [session] = await host.sessions.list('ada');
    const { open, waiting } = host.gate.close();
    const slow = host.call('POST', '/cart?item=tea', { cookie });
    await waiting;
    expect(await host.sessions.revoke('ada', session?.id as string)).toEqual({ revoked: 1 });
    open();
    const answer = await slow;
    expect(answer.status).toBe(401);
    expect(await codeOf(answer)).toBe('SESSION_ENDED');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('lets no login slip past a revoke-all', async () => {
    const { open, waiting } = host.gate.close();
    const slow = host.call('POST', '/login');
    await waiting;
    await host.sessions.revokeAll('ada');
    open();
    const answer = await slow;
    expect(answer.status).toBe(401);
    expect(await codeOf(answer)).toBe('INVALID_CREDENTIALS');
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('lets no login slip past the end of everybody’s sessions', async () => {
    const cookie = await host.login();
    await host.call('POST', '/cart?item=tea');
    const { open, waiting } = host.gate.close();
    const slow = host.call('POST', '/login');
    await waiting;
    const { operationId } = await host.sessions.revokeEveryone();
    open();
    expect((await slow).status).toBe(401);
    for (;;) {
      const operation = await host.sessions.findOperation(operationId);
      if (operation?.state === 'done') {
        // The login's own session may have been there when the scan came by.
        expect([2, 3]).toContain(operation.revoked);
        break;
      }
    }
    expect((await host.me({ cookie })).user).toBeNull();
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('makes nothing of a rotation in flight while its session is revoked', async () => {
    const cookie = await host.login();
    const { open, waiting } = host.gate.close();
    const slow = host.call('POST', '/rotate', { cookie });
    await waiting;
    await host.sessions.revokeAll('ada');
    open();
    expect((await slow).status).toBe(401);
    expect(await host.sessions.count('ada')).toBe(0);
  });

  it('logs out: nothing is left and no session is made by it', async () => {
    const cookie = await host.login();
    expect(await (await host.call('POST', '/logout', { cookie })).json()).toEqual({ ended: true });
    expect(await (await host.call('POST', '/logout', { cookie })).json()).toEqual({ ended: false });
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('revokes while Redis is out of memory, and refuses a login without ending anything', async () => {
    const cookie = await host.login();
    const other = await host.login();
    const [, session] = await host.sessions.list('ada');
    await client.config('SET', 'maxmemory', '1');
    try {
      expect((await host.call('POST', '/login')).status).toBe(503);
      expect((await host.me({ cookie: other })).user).toBe('ada');
      expect(await host.sessions.revoke('ada', session?.id as string)).toEqual({ revoked: 1 });
      expect((await host.me({ cookie })).user).toBeNull();
      expect(await host.sessions.revokeAll('ada')).toEqual({ revoked: 1 });
      expect((await host.me({ cookie: other })).user).toBeNull();
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });
});
