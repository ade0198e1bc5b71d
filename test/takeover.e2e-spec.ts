import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { LegacySession, SessionPrincipal, TakeoverOptions } from '../src/session/index.js';
import { LEGACY_SECRET, type LegacyApp, legacyCookie, startLegacyApp } from './support/legacy-app.js';
import { commandsDuring } from './support/redis-commands.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf, type SessionHost, startSessionHost, userNamed } from './support/session-host.js';

/** A command without what differs from session to session. */
const nameOf = (command: string) => /^(evalsha|.*?epoch|\w+ (lk:)?\w+:)/.exec(command)?.[0] ?? command;

/** @see https://github.com/tj/connect-redis/tree/v8.1.0 */
describe('taking over sessions that express-session with connect-redis has written', () => {
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

  it('logs nobody out: the first request is answered as the same user, with the new cookie and the data', async () => {
    const old = await legacy.login('ada');
    await legacy.addToCart('tea', old);
    const answer = await host.call('GET', '/me', { cookie: old });
    expect(await answer.json()).toMatchObject({ user: 'ada', credential: 'valid', cart: ['tea'] });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^sid=s%3A[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(await host.me({ cookie: cookieOf(answer) })).toMatchObject({ user: 'ada', cart: ['tea'] });
    expect(await client.keys('sess:*')).toEqual([]);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('takes the user from where accounts live, not from the old session, which may say more or other things', async () => {
    await legacy.close();
    legacy = await startLegacyApp(client, { userShape: 'object' });
    await host.me({ cookie: await legacy.login('grace') });
    const [record] = await client.mget(await client.keys('lk:sess:*'));
    expect(record).toContain(
      JSON.stringify({
        id: 'grace',
        email: 'grace@example.com',
        displayName: null,
        roles: ['admin'],
        createdAt: '2026-01-01T00:00:00.000Z',
      }),
    );
    expect(record).not.toContain('from the old app');
  });

  it('lists it like any session, with the lifetimes of its profile from now on and no proof of presence', async () => {
    const before = host.sessions.now();
    await host.call('GET', '/me', { cookie: await legacy.login('grace'), 'user-agent': 'Takeover/1' });
    const [session] = await host.sessions.list('grace');
    expect(session).toMatchObject({ authenticatedAt: '1970-01-01T00:00:00.000Z', userAgent: 'Takeover/1' });
    const absolute = Date.parse(session?.absoluteExpiresAt as string) - before;
    expect(absolute).toBeGreaterThan(8 * 3_600_000 - 2_000);
    expect(absolute).toBeLessThan(8 * 3_600_000 + 5_000);
    expect(await host.sessions.revoke('grace', session?.id as string)).toEqual({ revoked: 1 });
  });

  it('accepts the old cookie as the same session until takeover is switched off, the new one after that too', async () => {
    const old = await legacy.login('ada');
    const cookie = cookieOf(await host.call('GET', '/me', { cookie: old }));
    const again = await host.call('POST', '/cart?item=tea', { cookie: old });
    expect(cookieOf(again)).toBe(cookie);
    expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
    await restart({});
    expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
    expect(await host.me({ cookie: old })).toMatchObject({ user: null, credential: 'none' });
  });

  it('costs the commands that docs/takeover.md says', async () => {
    await host.me({ cookie: await legacy.login('ada') });
    const old = await legacy.login('ada');
    const first = await commandsDuring(redis, () => host.me({ cookie: old }));
    expect(first.map(nameOf)).toEqual([
      'get sess:',
      'get lk:mig:',
      'get lk:{everyone}:epoch',
      'evalsha',
      'get lk:{everyone}:epoch',
      'set lk:mig:',
      'mget lk:sess:',
      'del sess:',
    ]);
    const later = await commandsDuring(redis, () => host.me({ cookie: old }));
    expect(later.map(nameOf)).toEqual(['get sess:', 'get lk:mig:', 'mget lk:sess:']);
  });

  it('keeps a visitor’s cart, and a login carries it over', async () => {
    const old = await legacy.addToCart('tea');
    const visitor = cookieOf(await host.call('POST', '/cart?item=cake', { cookie: old }));
    expect(await host.me({ cookie: visitor })).toMatchObject({
      user: null,
      credential: 'valid',
      cart: ['tea', 'cake'],
    });
    const cookie = await host.login('', old);
    expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea', 'cake'] });
    expect(await host.me({ cookie: old })).toMatchObject({ user: null, credential: 'invalid' });
  });

  it('stores nothing for an old session that holds nothing', async () => {
    await client.set('sess:empty', JSON.stringify({ cookie: { originalMaxAge: null }, passport: {} }));
    expect(await host.me({ cookie: legacyCookie('empty') })).toMatchObject({
      user: null,
      credential: 'invalid',
    });
    expect(await client.keys('lk:*')).toEqual(['lk:ring']);
  });

  it('asks for the old session neither in a live session of ours nor with a bearer token', async () => {
    const old = await legacy.login('ada');
    const cookie = await host.login();
    expect(await commandsDuring(redis, () => host.me({ cookie: `${old}; ${cookie}` }))).toEqual([
      expect.stringMatching(/^mget lk:sess/),
    ]);
    const token = ((await (await host.call('POST', '/login?transport=bearer')).json()) as { token: string })
      .token;
    expect(
      await commandsDuring(redis, () => host.me({ cookie: old, authorization: `Bearer ${token}` })),
    ).toEqual([expect.stringMatching(/^mget/)]);
    expect(await host.me({ cookie: old, authorization: 'Bearer lk_forged' })).toMatchObject({
      user: null,
      credential: 'invalid',
    });
    expect(await commandsDuring(redis, () => host.me({}))).toEqual([]);
    expect((await legacy.me(old)).user).toBe('ada');
  });

  it('lets a browser with an ended session of ours go on with its old one', async () => {
    const cookie = await host.login();
    await host.call('POST', '/logout', { cookie });
    expect(await host.me({ cookie: `${cookie}; ${await legacy.login('grace')}` })).toMatchObject({
      user: 'grace',
    });
  });

  it('follows a host that names its users in another way and gives them new ids', async () => {
    const legacyUserId = (session: LegacySession) =>
      (session['passport'] as { user: string }).user.toUpperCase();
    const findPrincipal = async (id: string) => (id === 'ADA' ? userNamed('user-1') : null);
    await restart({ takeover: takeover({ legacyUserId, findPrincipal }) });
    expect(await host.me({ cookie: await legacy.login('ada') })).toMatchObject({ user: 'user-1' });
    expect(await host.sessions.count('user-1')).toBe(1);
  });

  it('lets a session without a user go on as a visitor’s, with its data and without its login', async () => {
    await restart({ takeover: takeover({ legacyUserId: () => undefined }) });
    const old = await legacy.login('ada');
    await legacy.addToCart('tea', old);
    const answer = await host.me({ cookie: old });
    expect(answer).toMatchObject({ user: null, credential: 'valid', cart: ['tea'] });
    expect(answer).not.toHaveProperty('passport');
  });
});
