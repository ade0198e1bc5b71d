import { describe, expect, it } from '@jest/globals';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';

const ACCOUNT = { email: 'nora@example.com', password: PASSWORD };
const FORWARDED = {
  'x-forwarded-for': '203.0.113.7, 198.51.100.4',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
};

describe('behind a proxy', () => {
  const addressOf = async (app: TestApp): Promise<unknown> => {
    await app.createUser(ACCOUNT);
    const client = new BearerClient(app.url);
    const { body } = await client.post(
      '/auth/login',
      { ...ACCOUNT, transport: 'bearer' },
      { headers: FORWARDED },
    );
    await app.close();
    return body.session.ip;
  };

  it('believes nobody about addresses by default', async () => {
    expect(await addressOf(await startApp())).toBe('127.0.0.1');
  });

  it('takes the address that the nearest trusted proxy saw', async () => {
    expect(await addressOf(await startApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } }))).toBe('198.51.100.4');
  });

  it('goes on through trusted networks, to the first address that is not in one', async () => {
    expect(await addressOf(await startApp({ env: { TRUSTED_PROXIES: '127.0.0.0/8,198.51.100.0/24' } }))).toBe(
      '203.0.113.7',
    );
  });

  it('believes a proxy that is not on the list as little as anybody', async () => {
    expect(await addressOf(await startApp({ env: { TRUSTED_PROXIES: '10.0.0.0/8' } }))).toBe('127.0.0.1');
  });

  it.each([
    ['that says nothing', {}],
    ['that says http', { 'x-forwarded-proto': 'http' }],
    ['that says https', { 'x-forwarded-proto': 'https' }],
  ])(
    'sets the Secure cookie of an https address whatever a proxy in front says: one %s',
    async (_, headers) => {
      const publicUrl = 'https://app.example.com';
      const app = await startApp({ env: { PUBLIC_URL: publicUrl } });
      await app.createUser(ACCOUNT);
      const client = new CookieClient(app.url, { origin: publicUrl });
      const login: Answer = await client.post('/auth/login', ACCOUNT, { headers });
      expect(login.status).toBe(200);
      const [cookie = ''] = login.headers.getSetCookie();
      expect(cookie).toMatch(/^__Host-sid=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      const session = await client.get('/auth/session', {
        headers: { cookie: cookie.split(';')[0] as string },
      });
      expect(session.status).toBe(200);
      await app.close();
    },
  );
});
