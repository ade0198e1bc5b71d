import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { type LegacyApp, LEGACY_SECRET, startLegacyApp } from './support/legacy-app.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf } from './support/session-host.js';

describe('the program with MIGRATE_FROM=connect-redis', () => {
  let redis: TestRedis;
  let legacy: LegacyApp;
  let program: TestApp;

  beforeAll(async () => {
    redis = await startRedis([...programMayOnly(), '~sess:*']);
    legacy = await startLegacyApp(redis.client());
  });
  afterAll(() => Promise.all([legacy.close(), redis.stop()]));
  beforeEach(async () => {
    program = await startApp({
      redis,
      env: { MIGRATE_FROM: 'connect-redis', MIGRATE_SECRETS: LEGACY_SECRET },
    });
  });
  afterEach(() => program.close());

  const call = (method: string, path: string, headers: Record<string, string>, body?: object) =>
    fetch(program.url + path, {
      method,
      headers: { origin: program.url, 'content-type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
    });

  it('goes on with an old session, asks for the password where presence counts, and ends the old cookie with that', async () => {
    const { id } = await program.createUser({ email: 'ada@example.com' });
    const old = await legacy.login(id);
    const first = await call('GET', '/auth/session', { cookie: old });
    expect(await first.json()).toMatchObject({
      user: { id, email: 'ada@example.com' },
      session: { current: true, authenticatedAt: '1970-01-01T00:00:00.000Z' },
    });
    const cookie = cookieOf(first);
    expect(await (await call('GET', '/auth/sessions', { cookie })).json()).toMatchObject({ total: 1 });
    const refused = await call('DELETE', '/auth/sessions?scope=all', { cookie });
    expect([refused.status, await codeOf(refused)]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    const proved = await call('POST', '/auth/reauthenticate', { cookie }, { password: PASSWORD });
    expect(proved.status).toBe(200);
    expect((await call('GET', '/auth/session', { cookie: cookieOf(proved) })).status).toBe(200);
    for (const each of [old, cookie])
      expect((await call('GET', '/auth/session', { cookie: each })).status).toBe(401);
  });

  it('refuses the old sessions of whoever was disabled, or has changed his password, before he came', async () => {
    const [ada, grace] = [
      await program.createUser({ email: 'b@example.com' }),
      await program.createUser({ email: 'c@example.com' }),
    ];
    const olds = [await legacy.login(ada.id), await legacy.login(grace.id)];
    await program.app.get(UsersService, { strict: false }).update(ada.id, { disabled: true });
    await program.app.get(UsersService, { strict: false }).changePassword(grace.id, 'another hash');
    for (const cookie of olds) {
      const answer = await call('GET', '/auth/session', { cookie });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
    }
  });

  it('takes the old cookie for what it is, something that another site can make a browser send', async () => {
    const { id } = await program.createUser({ email: 'd@example.com' });
    const old = await legacy.login(id);
    const logout = (headers: Record<string, string>) =>
      fetch(`${program.url}/auth/logout`, { method: 'POST', headers });
    expect((await logout({ cookie: old })).status).toBe(403);
    expect((await logout({ cookie: old, origin: program.url })).status).toBe(204);
    expect((await call('GET', '/auth/session', { cookie: old })).status).toBe(401);
  });
});
