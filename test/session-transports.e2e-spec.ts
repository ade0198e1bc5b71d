import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, SECRET, type SessionHost, startSessionHost } from './support/session-host.js';

describe('the two transports of a session', () => {
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

  it('gives a bearer client a token and never a cookie', async () => {
    const answer = await host.call('POST', '/login?transport=bearer');
    expect(answer.headers.getSetCookie()).toEqual([]);
    const { token } = (await answer.json()) as { token: string };
    const added = await host.call('POST', '/cart?item=tea', {
      authorization: `Bearer ${token}`,
    });
    expect(added.headers.getSetCookie()).toEqual([]);
    expect(await host.me({ authorization: `Bearer ${token}` })).toMatchObject({
      user: 'ada',
      credential: 'valid',
      cart: ['tea'],
    });
  });

  it('refuses a session on the other transport, under either signature', async () => {
    const { token } = (await (await host.call('POST', '/login?transport=bearer')).json()) as {
      token: string;
    };
    const cookie = decodeURIComponent(await host.login()).replace('sid=s:', '');
    const sessionToken = token.slice(3, token.lastIndexOf('.'));
    for (const authorization of [`Bearer ${cookie}`, `Bearer lk_${cookie}`, `Bearer ${sessionToken}`]) {
      expect((await host.me({ authorization })).user).toBeNull();
    }
    const { signCookie } = await import('../src/session/token/signed-cookie.js');
    expect((await host.me({ cookie: `sid=s:${token.slice(3)}` })).user).toBeNull();
    expect((await host.me({ cookie: `sid=${signCookie(sessionToken, SECRET)}` })).user).toBeNull();
  });

  it('refuses both credentials at once', async () => {
    const answer = await host.call('GET', '/me', {
      cookie: await host.login(),
      authorization: 'Bearer x',
    });
    expect(answer.status).toBe(400);
    expect(await codeOf(answer)).toBe('AMBIGUOUS_CREDENTIALS');
  });
});
