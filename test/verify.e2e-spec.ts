import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';

describe('GET /auth/verify', () => {
  let app: TestApp;
  let userId: string;
  let client: CookieClient;

  beforeAll(async () => {
    app = await startApp({ env: { ALLOWED_ORIGINS: 'https://front.example.com' } });
    userId = (await app.createUser({ email: 'ada@example.com', roles: ['editor', 'team:blue'] })).id;
    client = new CookieClient(app.url);
    await client.post('/auth/login', { email: 'ada@example.com', password: PASSWORD });
  });
  afterAll(() => app.close());

  const verify = (headers: Record<string, string> = {}, by: CookieClient | BearerClient = client) =>
    by.get('/auth/verify', { headers });

  it('answers 204 and says who it is in percent-encoded headers', async () => {
    const { session } = (await client.get('/auth/session')).body;
    const answer = await verify();
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers.get('x-auth-user-id')).toBe(encodeURIComponent(userId));
    expect(answer.headers.get('x-auth-roles')).toBe('editor,team%3Ablue');
    expect(answer.headers.get('x-auth-session-id')).toBe(session.id);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('answers 401 without a live session', async () => {
    const visitor = await new CookieClient(app.url).get('/auth/verify');
    expect([visitor.status, visitor.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(visitor.headers.get('x-auth-user-id')).toBeNull();
    const invalid = await new BearerClient(app.url, 'lk_nonsense').get('/auth/verify');
    expect(invalid.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('shows a role from the next request on, and the admin role only where it counts', async () => {
    const { id } = await app.createUser({ email: 'bob@example.com' });
    const bob = new CookieClient(app.url);
    await bob.post('/auth/login', { email: 'bob@example.com', password: PASSWORD });
    expect((await verify({}, bob)).headers.get('x-auth-roles')).toBe('');
    await app.app.get(UsersService, { strict: false }).update(id, { roles: ['admin', 'clerk'] });
    expect((await verify({}, bob)).headers.get('x-auth-roles')).toBe('clerk');
    await bob.post('/auth/reauthenticate', { password: PASSWORD });
    expect((await verify({}, bob)).headers.get('x-auth-roles')?.split(',').sort()).toEqual([
      'admin',
      'clerk',
    ]);
  });

  describe.each(['x-forwarded-method', 'x-original-method'])('with %s', (header) => {
    const ask = async (method: string, headers: Record<string, string> = {}) => {
      const { status, body } = await verify({ [header]: method, ...headers });
      return status === 204 ? 'allowed' : (body.code as string);
    };

    it('asks nothing of a method that changes nothing', async () => {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        expect(await ask(method, { origin: 'https://evil.example' })).toBe('allowed');
      }
    });

    it('holds the others to the rule of cross-site requests', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PURGE', 'post']) {
        expect(await ask(method, { origin: app.url })).toBe('allowed');
        expect(await ask(method, { origin: 'https://front.example.com' })).toBe('allowed');
        expect(await ask(method, { origin: 'https://evil.example' })).toBe('CROSS_SITE_REQUEST');
        expect(await ask(method, { origin: 'null' })).toBe('CROSS_SITE_REQUEST');
        expect(await ask(method)).toBe('CROSS_SITE_REQUEST');
        expect(await ask(method, { 'sec-fetch-site': 'same-origin' })).toBe('allowed');
        expect(await ask(method, { 'sec-fetch-site': 'cross-site' })).toBe('CROSS_SITE_REQUEST');
      }
    });
  });

  it('lets an unsafe method in one header count, whatever the other says', async () => {
    const headers = {
      'x-forwarded-method': 'GET',
      'x-original-method': 'POST',
      origin: 'https://evil.example',
    };
    expect((await verify(headers)).status).toBe(403);
  });

  it('exempts bearer tokens', async () => {
    const mobile = new BearerClient(app.url);
    await mobile.login({ email: 'ada@example.com', password: PASSWORD });
    expect(
      (await verify({ 'x-forwarded-method': 'POST', origin: 'https://evil.example' }, mobile)).status,
    ).toBe(204);
  });
});
