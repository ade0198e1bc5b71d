import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { deleteKeys } from './support/delete-keys.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf, type SessionHost, startSessionHost } from './support/session-host.js';

describe('SessionModule in a host application', () => {
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

  it('stores nothing and sets no cookie for a visitor who leaves nothing', async () => {
    const response = await host.call('GET', '/me');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await client.keys('*')).toEqual(['lk:ring']);
  });

  it('carries the cart of an anonymous session over into a new id and refuses the old one', async () => {
    const anonymous = cookieOf(await host.call('POST', '/cart?item=tea'));
    const cookie = await host.login('', anonymous);
    expect(cookie).not.toBe(anonymous);
    expect(await host.me({ cookie })).toMatchObject({
      user: 'ada',
      credential: 'valid',
      cart: ['tea'],
    });
    expect(await host.me({ cookie: anonymous })).toMatchObject({
      user: null,
      credential: 'invalid',
    });
  });

  it('answers 409 to a cart request that a login overtook, and loses nothing of what was stored', async () => {
    const anonymous = cookieOf(await host.call('POST', '/cart?item=tea'));
    const { open, waiting } = host.gate.close();
    const late = host.call('POST', '/cart?item=cake', { cookie: anonymous });
    await waiting;
    host.gate.letOthersPass();
    const cookie = await host.login('', anonymous);
    open();
    const answer = await late;
    expect(answer.status).toBe(409);
    expect(await codeOf(answer)).toBe('SESSION_MOVED');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await host.me({ cookie })).cart).toEqual(['tea']);
  });

  it('makes no new session, which would take the login away, for a request that came after it with the old cookie', async () => {
    const anonymous = cookieOf(await host.call('POST', '/cart?item=tea'));
    await host.login('', anonymous);
    const late = await host.call('POST', '/cart?item=cake', { cookie: anonymous });
    expect([late.status, await codeOf(late)]).toEqual([409, 'SESSION_MOVED']);
    expect(late.headers.getSetCookie()).toEqual([]);
    // Reading leaves nothing, and so takes nothing away.
    expect((await host.call('GET', '/me', { cookie: anonymous })).status).toBe(200);
  });

  it('makes a new session for a visitor whose own has ended', async () => {
    const anonymous = cookieOf(await host.call('POST', '/cart?item=tea'));
    await deleteKeys(client, 'lk:sess:*');
    const next = await host.call('POST', '/cart?item=cake', { cookie: anonymous });
    expect(next.status).toBeLessThan(300);
    expect((await host.me({ cookie: cookieOf(next) })).cart).toEqual(['cake']);
  });

  it('ends the session that a second login came with', async () => {
    const first = await host.login();
    const second = await host.login('', first);
    expect((await host.me({ cookie: first })).user).toBeNull();
    expect((await host.me({ cookie: second })).user).toBe('ada');
    expect(await host.sessions.count('ada')).toBe(1);
  });

  it('rotates to a new id, ends the others in the same step and keeps the absolute expiry', async () => {
    const other = await host.login();
    const cookie = await host.login();
    const before = (await host.sessions.list('ada')).map((session) => session.absoluteExpiresAt);
    const answer = await host.call('POST', '/rotate', { cookie });
    expect(await answer.json()).toMatchObject({ revoked: 1 });
    const rotated = cookieOf(answer);
    expect((await host.me({ cookie: rotated })).user).toBe('ada');
    expect((await host.me({ cookie })).user).toBeNull();
    expect((await host.me({ cookie: other })).user).toBeNull();
    const after = await host.sessions.list('ada');
    expect(after).toHaveLength(1);
    expect(before).toContain(after[0]?.absoluteExpiresAt);
  });

  it('follows a change of the principal from the next request on', async () => {
    const cookie = await host.login();
    const principal = {
      roles: ['clerk'],
      email: 'ada@example.com',
      displayName: 'Ada',
      disabled: false,
    };
    await host.sessions.setPrincipal('ada', principal, 2);
    await host.sessions.setPrincipal('ada', { ...principal, roles: ['stale'] }, 1);
    expect((await host.me({ cookie })).user).toBe('ada');
    await host.sessions.setPrincipal('ada', { ...principal, disabled: true }, 3);
    expect((await host.me({ cookie })).user).toBeNull();
  });

  it('loses no count over parallel updates', async () => {
    const cookie = await host.login();
    await Promise.all(Array.from({ length: 30 }, () => host.call('POST', '/count', { cookie })));
    expect(
      (
        (await (await host.call('POST', '/count', { cookie })).json()) as {
          n: number;
        }
      ).n,
    ).toBe(31);
  });

  it('reads an authenticated request with one command', async () => {
    const cookie = await host.login();
    const monitor = await redis.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(String(args[0]).toLowerCase()));
    await host.me({ cookie });
    await client.echo('end');
    while (!seen.includes('echo')) await new Promise((resolve) => setImmediate(resolve));
    monitor.disconnect();
    expect(seen.filter((command) => command !== 'echo')).toEqual(['mget']);
  });
});
