import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { SessionPrincipal, TakeoverOptions } from '../src/session/index.js';
import { LEGACY_SECRET, type LegacyApp, legacyCookie, startLegacyApp } from './support/legacy-app.js';
import { commandsDuring } from './support/redis-commands.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { type SessionHost, startSessionHost, userNamed } from './support/session-host.js';

/** @see https://github.com/tj/connect-redis/tree/v8.1.0 */
describe('old sessions that do not go on, or not now', () => {
  let redis: TestRedis;
  let client: Redis;
  let legacy: LegacyApp;
  let host: SessionHost;
  let people: Map<string, SessionPrincipal>;

  const takeover = (options: Partial<TakeoverOptions> = {}): TakeoverOptions => ({
    from: 'connect-redis',
    secrets: ['a newer one', LEGACY_SECRET],
    findPrincipal: async (id) => people.get(id) ?? null,
    ...options,
  });

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    people = new Map([
      ['ada', userNamed('ada')],
      ['grace', userNamed('grace', ['admin'])],
    ]);
    legacy = await startLegacyApp(client);
    host = await startSessionHost(client, { takeover: takeover() });
  });
  afterEach(() => Promise.all([legacy.close(), host.close()]));

  const restart = async (options: Parameters<typeof startSessionHost>[1]) => {
    await host.close();
    host = await startSessionHost(client, options);
  };

  it('refuses a forged cookie without asking Redis, and a record that cannot be read without failing', async () => {
    const old = await legacy.login('ada');
    const forged = old.replace(/(.)$/, (end) => (end === 'A' ? 'B' : 'A'));
    expect(await commandsDuring(redis, () => host.me({ cookie: forged }))).toEqual([]);
    for (const cookie of [
      forged,
      'connect.sid=',
      'connect.sid=s%3A',
      'connect.sid=%',
      old.replace('s%3A', ''),
    ]) {
      expect(await host.me({ cookie })).toMatchObject({ user: null, credential: 'invalid' });
    }
    await client.set('sess:broken', '{"cookie":');
    expect(await host.me({ cookie: legacyCookie('broken') })).toMatchObject({
      user: null,
      credential: 'invalid',
    });
    expect((await legacy.me(old)).user).toBe('ada');
  });

  it('keeps the session limit', async () => {
    await restart({ maxSessions: 2, takeover: takeover() });
    const olds = [await legacy.login('ada'), await legacy.login('ada'), await legacy.login('ada')];
    for (const old of olds) expect(await host.me({ cookie: old })).toMatchObject({ user: 'ada' });
    expect(await host.sessions.count('ada')).toBe(2);
    expect((await host.me({ cookie: olds[0] as string })).user).toBeNull();
  });

  it('waits for room where the policy is to reject', async () => {
    await restart({ maxSessions: 1, limitPolicy: 'reject', takeover: takeover() });
    const cookie = await host.login();
    const old = await legacy.login('ada');
    expect((await host.me({ cookie: old })).user).toBeNull();
    await host.call('POST', '/logout', { cookie });
    expect((await host.me({ cookie: old })).user).toBe('ada');
  });

  it('leaves the session of somebody it cannot find alone, and ends that of somebody disabled', async () => {
    const [unknown, disabled] = [await legacy.login('nobody'), await legacy.login('ada')];
    people.set('ada', { ...userNamed('ada'), disabled: true });
    for (const cookie of [unknown, disabled])
      expect(await host.me({ cookie })).toMatchObject({ user: null, credential: 'invalid' });
    expect((await legacy.me(unknown)).user).toBe('nobody');
    expect((await legacy.me(disabled)).user).toBeNull();
  });

  it('takes over what is larger than a session of ours may be; the next change has to fit', async () => {
    await restart({ maxSessionBytes: 1_000, takeover: takeover() });
    const old = await legacy.login('ada');
    await legacy.addToCart('x'.repeat(2_000), old);
    expect(await host.me({ cookie: old })).toMatchObject({ user: 'ada' });
    expect((await host.call('POST', '/cart?item=tea', { cookie: old })).status).toBe(413);
  });

  it('answers 503 without a cookie while Redis is away, and takes over when it is back', async () => {
    const old = await legacy.login('ada');
    client.disconnect();
    const answer = await host.call('GET', '/me', { cookie: old });
    expect(answer.status).toBe(503);
    expect(answer.headers.getSetCookie()).toEqual([]);
    await client.connect();
    expect(await host.me({ cookie: old })).toMatchObject({ user: 'ada' });
  });
});
