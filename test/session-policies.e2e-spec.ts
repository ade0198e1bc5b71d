import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf, type SessionHost, startSessionHost, userNamed } from './support/session-host.js';
import { storedSessions } from './support/stored-sessions.js';

describe('what a route asks of its session', () => {
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
    host = await startSessionHost(client, { touchIntervalMs: 1 });
  });
  afterEach(() => host.close());

  const touchedMs = async () => {
    const [key] = await client.keys('lk:sess:*');
    return Number(await client.getrange(key as string, 1, 13));
  };
  /** As if the session had not been used for a minute. */
  const age = async () => {
    const [key] = await client.keys('lk:sess:*');
    await client.setrange(key as string, 1, String((await touchedMs()) - 60_000).padStart(13, '0'));
  };

  it('refuses a change under strict when another request was faster', async () => {
    const cookie = await host.login();
    const { open, waiting } = host.gate.close();
    const slow = host.call('POST', '/strict?note=mine', { cookie });
    await waiting;
    host.gate.letOthersPass();
    await host.call('POST', '/cart?item=tea', { cookie });
    open();
    const answer = await slow;
    expect(answer.status).toBe(409);
    expect(await codeOf(answer)).toBe('SESSION_CONFLICT');
    expect(await host.me({ cookie })).toMatchObject({ cart: ['tea'] });
    expect((await host.me({ cookie })).note).toBeUndefined();
    expect((await host.call('POST', '/strict?note=again', { cookie })).status).toBe(201);
    expect((await host.me({ cookie })).note).toBe('again');
  });

  it.each([
    ['a logged-in session', true],
    ['an anonymous one', false],
  ])('lets no update write what is not the host’s into %s', async (_, loggedIn) => {
    const cookie = loggedIn ? await host.login() : cookieOf(await host.call('POST', '/cart?item=tea'));
    const [before] = await storedSessions(client);
    const meta = { transport: 'cookie', profile: 'admin', authenticatedAt: Date.now() + 60_000 };
    const passport = { user: { ...userNamed('eve', ['admin']) } };
    const json = JSON.stringify({ note: 'mine', latchkey: meta, passport, cookie: { maxAge: 1 } });
    await host.call('POST', `/assign?json=${encodeURIComponent(json)}`, { cookie });
    const [after] = await storedSessions(client);
    expect(after?.body).toEqual({ ...before?.body, note: 'mine' });
    expect(await host.me({ cookie })).toMatchObject({ user: loggedIn ? 'ada' : null, note: 'mine' });
  });

  it('keeps and touches nothing under readonly', async () => {
    const cookie = await host.login();
    await age();
    const before = await touchedMs();
    expect((await host.call('POST', '/readonly', { cookie })).status).toBe(201);
    expect(await touchedMs()).toBe(before);
    expect((await host.me({ cookie })).note).toBeUndefined();
  });

  it('does not take polling for use', async () => {
    const cookie = await host.login();
    await age();
    const before = await touchedMs();
    await host.call('GET', '/poll', { cookie });
    expect(await touchedMs()).toBe(before);
    await host.me({ cookie });
    // The touch is off the response path, so it may still be under way when the answer is there.
    while ((await touchedMs()) === before) await new Promise((resolve) => setImmediate(resolve));
  });
});
