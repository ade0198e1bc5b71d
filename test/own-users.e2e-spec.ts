import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { SessionPrincipal } from '../src/session/index.js';
import { type AuthHost, startAuthHost } from './support/auth-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf } from './support/session-host.js';

const ADA = { email: 'ada@example.com', password: 'a password of a host' };

describe('a host with a user type of its own', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost;
  let cookie: string;
  let asked: SessionPrincipal[];
  let answer: (principal: SessionPrincipal) => Promise<Express.User | null>;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    asked = [];
    answer = async (principal) => ({ ...principal, email: `customer ${principal.email}` });
    host = await startAuthHost(client, {
      loadUser: (principal) => {
        asked.push(principal);
        return answer(principal);
      },
    });
    cookie = cookieOf(await host.call('POST', '/auth/register', { body: ADA }));
    asked = [];
  });
  afterEach(() => host.close());

  const greeting = async (headers: Record<string, string> = { cookie }) => {
    const response = await host.call('GET', '/greeting', { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('finds it in req.user and @CurrentUser, asked once for a request with a session and never for a visitor', async () => {
    expect(await greeting()).toEqual({
      status: 200,
      body: { user: `customer ${ADA.email}`, passport: true, sameUser: true },
    });
    expect(asked.map(({ email }) => email)).toEqual([ADA.email]);
    expect((await greeting({})).body).toMatchObject({ user: null, passport: false });
    expect(asked).toHaveLength(1);
  });

  it('keeps somebody out whom it does not know, and lets everybody in where visitors may', async () => {
    answer = async () => null;
    expect((await host.call('GET', '/mine', { headers: { cookie } })).status).toBe(401);
    expect(await greeting()).toMatchObject({ status: 200, body: { user: null, passport: false } });
    answer = async (principal) => principal;
    expect((await host.call('GET', '/mine', { headers: { cookie } })).status).toBe(200);
  });

  it('fails a request whose user it cannot ask for, and logs nobody out', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    answer = () => Promise.reject(new Error('the database is away'));
    const failed = await host.call('GET', '/mine', { headers: { cookie } });
    expect(failed.status).toBe(500);
    expect(failed.headers.getSetCookie()).toEqual([]);
    expect(String(logged.mock.calls)).toContain('the database is away');
    logged.mockRestore();
    answer = async (principal) => principal;
    expect((await host.call('GET', '/mine', { headers: { cookie } })).status).toBe(200);
  });

  it('hands over what is believed now, not what was at the login', async () => {
    const [{ id = '', ...user } = {}] = [...host.users.accounts.values()].map((account) => account.user);
    await host.sessions.setPrincipal(id, { ...(user as SessionPrincipal), roles: ['editor'] }, 2);
    await greeting();
    expect(asked.map(({ roles }) => roles)).toEqual([['editor']]);
  });
});
