import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedSessions } from './support/stored-sessions.js';

const CREDENTIALS = { email: 'ada@example.com', password: PASSWORD };

describe('one session, two transports', () => {
  let app: TestApp;
  let redis: Redis;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    await app.createUser({ email: CREDENTIALS.email });
  });
  afterAll(() => app.close());
  afterEach(() => clearSessions(redis));

  const mobile = async (): Promise<BearerClient> => {
    const client = new BearerClient(app.url);
    await client.login(CREDENTIALS);
    return client;
  };
  const browser = async (): Promise<CookieClient> => {
    const client = new CookieClient(app.url);
    await client.post('/auth/login', CREDENTIALS);
    return client;
  };
  const whoAmI = (headers: Record<string, string>) =>
    new BearerClient(app.url).get('/auth/session', { headers });

  it('never sets a cookie for a bearer client', async () => {
    const client = await mobile();
    const answers = [
      await client.get('/auth/session'),
      await client.get('/auth/sessions'),
      await client.delete('/auth/sessions'),
      await client.post('/auth/login', { ...CREDENTIALS, transport: 'bearer' }),
      await client.get('/nowhere'),
    ];
    for (const { headers } of answers) expect(headers.getSetCookie()).toEqual([]);
  });

  it('knows the scheme in any case', async () => {
    const { token } = await mobile();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await whoAmI({ authorization: `${scheme} ${token}` })).status).toBe(200);
    }
  });

  it('refuses both credentials at once, valid or not, on every route', async () => {
    const { token } = await mobile();
    const cookie = `sid=${await (await browser()).cookie()}`;
    const pairs = [
      { authorization: `Bearer ${token}`, cookie },
      { authorization: 'Bearer nonsense', cookie },
      { authorization: `Bearer ${token}`, cookie: 'sid=nonsense' },
    ];
    for (const headers of pairs) {
      for (const [method, path] of [
        ['GET', '/auth/session'],
        ['POST', '/auth/logout'],
      ] as const) {
        const answer = await new BearerClient(app.url).request(method, path, { headers });
        expect([answer.status, answer.body.code]).toEqual([400, 'AMBIGUOUS_CREDENTIALS']);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
    expect(await storedSessions(redis)).toHaveLength(2);
  });

  it('minds no other scheme and no other cookie', async () => {
    const { token } = await mobile();
    const cookie = `sid=${await (await browser()).cookie()}`;
    expect((await whoAmI({ authorization: 'Basic YTpi', cookie })).status).toBe(200);
    expect((await whoAmI({ authorization: `Bearer ${token}`, cookie: 'theme=dark' })).status).toBe(200);
  });

  it('answers an invalid token 401 with error="invalid_token"', async () => {
    const { token = '' } = await mobile();
    const tampered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const wrong of [
      tampered,
      token.toUpperCase(),
      token.split('.').slice(0, 2).join('.'),
      'nonsense',
      '',
    ]) {
      const answer = await whoAmI({ authorization: `Bearer ${wrong}` });
      expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect((await whoAmI({})).headers.get('www-authenticate')).toBe('Bearer');
  });

  it('takes no session under the other transport', async () => {
    const { token = '' } = await mobile();
    const cookie = decodeURIComponent((await (await browser()).cookie()) ?? '');
    const plain = (signed: string) => signed.split('.').slice(0, 2).join('.');
    const [ofCookie, ofToken] = [cookie.slice('s:'.length), token.slice('lk_'.length)];
    const attempts: Record<string, string>[] = [
      { authorization: `Bearer ${cookie}` },
      { authorization: `Bearer lk_${ofCookie}` },
      { authorization: `Bearer ${plain(ofCookie)}` },
      { cookie: `sid=${encodeURIComponent(token)}` },
      { cookie: `sid=${encodeURIComponent(`s:${ofToken}`)}` },
    ];
    for (const headers of attempts) expect((await whoAmI(headers)).status).toBe(401);
  });

  it('takes no cookie that is unsigned or tampered with', async () => {
    const cookie = decodeURIComponent((await (await browser()).cookie()) ?? '');
    const unsigned = cookie.slice(2).split('.').slice(0, 2).join('.');
    const tampered = `${cookie.slice(0, -3)}${cookie.at(-3) === 'A' ? 'B' : 'A'}${cookie.slice(-2)}`;
    for (const value of [unsigned, `s:${unsigned}`, `s:${unsigned}.`, tampered, '']) {
      const answer = await whoAmI({ cookie: `sid=${encodeURIComponent(value)}` });
      expect(answer.status).toBe(401);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  it('takes no session from the URL', async () => {
    const { token = '' } = await mobile();
    const value = (await (await browser()).cookie()) ?? '';
    for (const query of [`sid=${value}`, `access_token=${token}`, `token=${token}`]) {
      expect((await new BearerClient(app.url).get(`/auth/session?${query}`)).status).toBe(401);
    }
  });

  it('ignores an invalid credential where none is needed', async () => {
    const stale: Record<string, string>[] = [
      { authorization: 'Bearer nonsense' },
      { cookie: 'sid=nonsense', origin: app.url },
    ];
    for (const headers of stale) {
      const client = new BearerClient(app.url);
      expect((await client.post('/auth/login', CREDENTIALS, { headers })).status).toBe(200);
      expect((await client.post('/auth/logout', undefined, { headers })).status).toBe(204);
    }
  });
});
