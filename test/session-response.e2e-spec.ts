import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, type SessionHost, startSessionHost } from './support/session-host.js';

describe('an answer and its session', () => {
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

  it('has a session stored before a redirect leaves', async () => {
    const answer = await host.call('GET', '/redirect');
    expect(answer.status).toBe(302);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('sends a stream whole and in order after its session is stored', async () => {
    const { open, waiting } = host.gate.close();
    const answer = host.call('GET', '/stream');
    await waiting;
    open();
    expect(await (await answer).text()).toBe(`${'a'.repeat(1000)}${'b'.repeat(1000)}c`);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('stores what is changed while an earlier part of the answer waits for its session', async () => {
    const cookie = await host.login();
    const answer = await host.call('GET', '/steps', { cookie });
    expect(await answer.text()).toBe('one two');
    expect((await host.me({ cookie })).note).toBe('two');
  });

  it('cuts an answer whose late change cannot be stored, rather than completing it', async () => {
    const cookie = await host.login();
    const { open, waiting } = host.gate.close();
    const answer = await host.call('GET', '/late', { cookie });
    await waiting;
    await host.sessions.revokeAll('ada');
    open();
    await expect(answer.text()).rejects.toThrow();
  });

  it('answers 503 without a cookie while Redis is away, and recovers', async () => {
    const cookie = await host.login();
    client.disconnect();
    const answer = await host.call('GET', '/me', { cookie });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await codeOf(answer)).toBe('SESSION_STORE_UNAVAILABLE');
    expect(answer.headers.getSetCookie()).toEqual([]);
    await client.connect();
    expect((await host.me({ cookie })).user).toBe('ada');
  });
});
