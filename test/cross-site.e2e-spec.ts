import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';

const FRONT_END = 'https://shop.example.com';
const PUBLIC_URL = 'https://api.example.com';
const ACCOUNT = { email: 'nora@example.com', password: PASSWORD };

describe('requests that come from another site', () => {
  let app: TestApp;
  let own: string;
  let cookie: string;
  beforeAll(async () => {
    app = await startApp({ env: { ALLOWED_ORIGINS: FRONT_END } });
    own = app.url;
    await app.createUser(ACCOUNT);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    const client = new CookieClient(own);
    await client.post('/auth/login', ACCOUNT);
    cookie = await client.jar.getCookieString(own);
  });

  /** A visitor, logged in or not, whose request carries exactly these headers. */
  const attempt = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    loggedIn = true,
  ): Promise<Answer> => {
    const body = path === '/auth/login' ? ACCOUNT : undefined;
    return new CookieClient(own, { origin: null }).request(method, path, {
      headers: { ...(loggedIn && { cookie }), ...headers },
      body,
    });
  };
  const code = ({ status, body }: Answer): unknown => (status < 300 ? status : body.code);

  it.each<[string, Record<string, string>]>([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['an origin that begins like a known one', { origin: `${FRONT_END}.evil.example` }],
    ['a known host over http', { origin: FRONT_END.replace('https', 'http') }],
    ['a known host on another port', { origin: `${FRONT_END}:8443` }],
    ['a sandboxed page', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['the wildcard', { origin: '*' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    [
      'a name that was rebound to this machine',
      { origin: 'http://rebound.example', host: 'rebound.example' },
    ],
    ['another site, by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host, by Sec-Fetch-Site', { 'sec-fetch-site': 'same-site' }],
    [
      'a foreign origin that claims to be the same',
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ],
  ])('refuses from %s, with a session or without, whatever changes something', async (_, headers) => {
    for (const [method, path] of [
      ['DELETE', '/auth/sessions'],
      ['POST', '/auth/logout'],
      ['POST', '/auth/login'],
      ['PUT', '/auth/password'],
    ] as const) {
      expect(code(await attempt(method, path, headers))).toBe('CROSS_SITE_REQUEST');
      expect(code(await attempt(method, path, headers, false))).toBe('CROSS_SITE_REQUEST');
    }
  });

  it('changes nothing by a refused request, and sets no cookie', async () => {
    const client = new CookieClient(own);
    await client.post('/auth/login', ACCOUNT);
    const answer = await client.post('/auth/logout', undefined, {
      headers: { origin: 'https://evil.example' },
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await client.get('/auth/session')).status).toBe(200);
  });

  it('refuses with a session when the request says nothing of where it comes from, and allows it without', async () => {
    expect(code(await attempt('POST', '/auth/logout', {}))).toBe('CROSS_SITE_REQUEST');
    expect(code(await attempt('POST', '/auth/login', {}, false))).toBe(200);
    const other = { cookie: 'theme=dark; xsid=1; sid2=2' };
    expect(code(await attempt('POST', '/auth/login', other, false))).toBe(200);
    expect(code(await attempt('POST', '/auth/login', { cookie: 'theme=dark; sid=' }, false))).toBe(
      'CROSS_SITE_REQUEST',
    );
  });

  it.each<[string, () => Record<string, string>]>([
    ['its own origin', () => ({ origin: own })],
    ['its own origin by name', () => ({ origin: own.replace('127.0.0.1', 'localhost') })],
    ['a front end that is allowed', () => ({ origin: FRONT_END })],
    ['the same origin, by Sec-Fetch-Site', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['the address bar, by Sec-Fetch-Site', () => ({ 'sec-fetch-site': 'none' })],
  ])('allows from %s', async (_, headers) => {
    expect(code(await attempt('DELETE', '/auth/sessions', headers()))).toBe(200);
    expect(code(await attempt('POST', '/auth/login', headers()))).toBe(200);
    expect(code(await attempt('POST', '/auth/logout', headers()))).toBe(204);
  });

  it('lets every site read what may be read, since the browser shows it to none of them', async () => {
    const answer = await attempt('GET', '/auth/session', {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('exempts requests with a bearer token', async () => {
    const client = new BearerClient(own);
    await client.login(ACCOUNT);
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await client.delete('/auth/sessions', { headers })).status).toBe(200);
    expect((await client.post('/auth/logout', undefined, { headers })).status).toBe(204);
  });

  it('shows answers to allowed front ends, with credentials, and tells caches that it depends on the origin', async () => {
    const { headers } = await attempt('GET', '/auth/session', { origin: FRONT_END });
    expect(headers.get('access-control-allow-origin')).toBe(FRONT_END);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect(headers.get('vary')).toContain('Origin');
    expect((await attempt('GET', '/auth/session', {})).headers.get('vary')).toContain('Origin');
  });

  it('answers the preflight of an allowed front end only', async () => {
    const preflight = (origin: string): Promise<Answer> =>
      attempt('OPTIONS', '/auth/login', {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      });
    const allowed = await preflight(FRONT_END);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(FRONT_END);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('Content-Type');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the origins of a public address', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { PUBLIC_URL } });
  });
  afterAll(() => app.close());

  it('knows the public address alone, not the one it listens on', async () => {
    const login = async (origin: string): Promise<number> =>
      (await new CookieClient(app.url, { origin }).post('/auth/login', ACCOUNT)).status;
    expect(await login(PUBLIC_URL)).toBe(401);
    expect(await login(app.url)).toBe(403);
    expect(await login('https://api.example.com.evil.example')).toBe(403);
  });

  it('answers no preflight when no front end is allowed', async () => {
    const headers = { origin: PUBLIC_URL, 'access-control-request-method': 'POST' };
    const answer = await new CookieClient(app.url).request('OPTIONS', '/auth/login', { headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
