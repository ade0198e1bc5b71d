import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { PasswordHasher } from '../src/auth/index.js';
import { type AuthHost, type CallOptions, startAuthHost } from './support/auth-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const PASSWORD = 'a password of a host';

const json = async (answer: Response): Promise<Record<string, unknown>> =>
  (await answer.json()) as Record<string, unknown>;
const cookieOf = (answer: Response): string => answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';

/** A hasher of the host's own; what it hashes waits while it is held. */
class HeldHasher extends PasswordHasher {
  private gate: Promise<void> = Promise.resolve();
  goOn: () => void = () => undefined;

  hold(): void {
    this.gate = new Promise((resolve) => (this.goOn = resolve));
  }

  async hash(password: string): Promise<string> {
    await this.gate;
    return `plain:${password}`;
  }

  async verify(hash: string, password: string): Promise<boolean> {
    return (await this.hash(password)) === hash;
  }

  needsRehash(): boolean {
    return false;
  }
}

describe('AuthModule in a host application with users of its own', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost;
  let userId: string;
  let cookie: string;

  const as = (credential: string, options: CallOptions = {}): CallOptions => ({
    ...options,
    headers: { cookie: credential },
  });

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startAuthHost(client);
    const registered = await host.call('POST', '/auth/register', {
      body: { email: 'ada@example.com', password: PASSWORD },
    });
    expect(registered.status).toBe(201);
    userId = ((await json(registered))['user'] as { id: string }).id;
    cookie = cookieOf(registered);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await host.close();
  });

  it('gives routes the user and session of the request, by decorator and by Passport', async () => {
    const signedIn = await host.call('GET', '/greeting', as(cookie));
    expect(await json(signedIn)).toEqual({ user: 'ada@example.com', passport: true, sameUser: true });
    const visitor = await host.call('GET', '/greeting');
    expect(await json(visitor)).toEqual({ user: null, passport: false, sameUser: true });
    expect(await json(await host.call('GET', '/mine', as(cookie)))).toMatchObject({ profile: 'web' });
  });

  it('closes every route of the host that is not marked', async () => {
    expect((await host.call('GET', '/mine')).status).toBe(401);
    expect((await host.call('GET', '/mine', as('sid=forged'))).status).toBe(401);
    expect((await host.call('GET', '/greeting', as('sid=forged'))).status).toBe(200);
    const invalid = await host.call('GET', '/greeting', { headers: { authorization: 'Bearer lk_x.y' } });
    expect(invalid.status).toBe(401);
    expect(invalid.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('honours a role from the next request on, and the admin role after a re-authentication', async () => {
    expect(await json(await host.call('GET', '/administration', as(cookie)))).toMatchObject({
      code: 'FORBIDDEN',
    });
    const principal = { email: 'ada@example.com', displayName: null, disabled: false, roles: ['admin'] };
    await host.sessions.setPrincipal(userId, principal, 2);
    const account = host.users.accounts.get(userId);
    if (account)
      host.users.accounts.set(userId, {
        ...account,
        user: { ...account.user, roles: ['admin'] },
        version: 2,
      });
    expect(await json(await host.call('GET', '/administration', as(cookie)))).toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
    });
    const again = await host.call(
      'POST',
      '/auth/reauthenticate',
      as(cookie, { body: { password: PASSWORD } }),
    );
    expect((await host.call('GET', '/administration', as(cookieOf(again)))).status).toBe(200);
  });

  it('lets nobody use a session whose account was disabled, even while it lives', async () => {
    const principal = { email: 'ada@example.com', displayName: null, disabled: true, roles: [] };
    await host.sessions.setPrincipal(userId, principal, 2);
    expect((await host.call('GET', '/mine', as(cookie))).status).toBe(401);
    expect(await json(await host.call('GET', '/greeting', as(cookie)))).toEqual({
      user: null,
      passport: false,
      sameUser: true,
    });
  });

  it("makes sessions for a host's own way to log in", async () => {
    const answer = await host.call('POST', '/external-login', { body: { userId } });
    expect(await json(answer)).toMatchObject({ passport: true });
    expect((await host.call('GET', '/mine', as(cookieOf(answer)))).status).toBe(200);
    expect(cookieOf(answer)).not.toBe(cookie);
  });

  it('makes and ends sessions by req.logIn and req.logOut of Passport', async () => {
    const answer = await host.call('POST', '/passport-login', { body: { userId } });
    expect(await json(answer)).toEqual({ passport: true });
    const loggedIn = cookieOf(answer);
    expect((await host.call('GET', '/mine', as(loggedIn))).status).toBe(200);
    const before = await host.sessions.count(userId);
    const out = await host.call('POST', '/passport-logout', as(loggedIn));
    expect(await json(out)).toEqual({ passport: false });
    expect(out.headers.getSetCookie()).toEqual([]);
    expect(await host.sessions.count(userId)).toBe(before - 1);
    expect((await client.keys('lk:sess:*')).length).toBe(before - 1);
  });

  it('checks and sets passwords for the host, and ends every session by it', async () => {
    expect(await host.auth.verifyPassword(userId, PASSWORD)).toBe(true);
    expect(await host.auth.verifyPassword('nobody', PASSWORD)).toBe(false);
    await host.auth.setPassword(userId, 'another password of a host');
    expect(await host.auth.verifyPassword(userId, PASSWORD)).toBe(false);
    expect(await host.sessions.count(userId)).toBe(0);
    await expect(host.auth.setPassword(userId, 'short')).rejects.toThrow('Use at least 15 characters.');
    await expect(host.auth.setPassword('nobody', 'another password of a host')).rejects.toThrow(
      'There is no such user.',
    );
  });

  it('answers as if nothing were wrong when the trail cannot be written', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    host.trail.broken = true;
    expect((await host.call('POST', '/auth/logout', as(cookie))).status).toBe(204);
    expect(await host.sessions.count(userId)).toBe(0);
    expect(String(logged.mock.calls[0]?.[0])).toMatch(/^logout was not recorded: Error: the trail is full/);
  });

  it('answers 503 at once to logins beyond what it can hash, and finishes the others', async () => {
    const hasher = new HeldHasher();
    const busy = await startAuthHost(client, { hasher, hashConcurrency: 1, hashQueueLength: 1 });
    try {
      const login = (email: string) =>
        busy.call('POST', '/auth/login', { body: { email, password: PASSWORD } });
      hasher.hold();
      const answers = ['ada@example.com', 'bob@example.com', 'eve@example.com'].map(login);
      const refused = await Promise.race(answers);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(await json(refused)).toMatchObject({ code: 'LOGIN_BUSY' });
      hasher.goOn();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([401, 401, 503]);
    } finally {
      hasher.goOn();
      await busy.close();
    }
  });

  it('keeps two applications in one process apart', async () => {
    const other = await startAuthHost(client);
    try {
      const login = { body: { email: 'ada@example.com', password: PASSWORD } };
      expect((await other.call('POST', '/auth/login', login)).status).toBe(401);
      expect((await host.call('POST', '/auth/login', login)).status).toBe(200);
    } finally {
      await other.close();
    }
  });
});
