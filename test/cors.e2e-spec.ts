import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient } from './support/clients.js';
import { expectProblem } from './support/problems.js';
import { type RawAnswer, rawRequest, sendRaw } from './support/raw-http.js';

const FRONT_ENDS = ['https://shop.example.com', 'https://games.example.com:8443'];
const STRANGERS = [
  'https://evil.example',
  'null',
  '*',
  '',
  'https://shop.example.com.evil.example',
  'https://evil.shop.example.com',
  'https://shop.example.com:443',
  'https://shop.example.com/',
  'https://SHOP.example.com',
  'http://shop.example.com',
  'https://games.example.com',
  'https://shop.example.com, https://games.example.com:8443',
];
const ROUTES: [method: string, path: string][] = [
  ['POST', '/auth/login'],
  ['POST', '/auth/register'],
  ['POST', '/auth/register/confirm'],
  ['POST', '/auth/logout'],
  ['GET', '/auth/session'],
  ['GET', '/auth/sessions'],
  ['DELETE', '/auth/sessions'],
  ['DELETE', '/auth/sessions/x'],
  ['POST', '/auth/reauthenticate'],
  ['PUT', '/auth/password'],
  ['GET', '/auth/verify'],
  ['GET', '/admin/users'],
  ['GET', '/admin/users/x'],
  ['PATCH', '/admin/users/x'],
  ['GET', '/admin/users/x/sessions'],
  ['DELETE', '/admin/users/x/sessions'],
  ['DELETE', '/admin/users/x/sessions/y'],
  ['DELETE', '/admin/sessions'],
  ['GET', '/admin/operations/x'],
  ['GET', '/admin/events'],
  ['GET', '/admin/stats'],
  ['GET', '/health/live'],
  ['GET', '/health/ready'],
  ['GET', '/metrics'],
  ['GET', '/docs'],
  ['GET', '/docs-json'],
  ['GET', '/nowhere'],
];

const send = (
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<RawAnswer> => sendRaw(url, rawRequest(method, path, headers));
const preflightOf = (origin: string, method: string): Record<string, string> => ({
  Origin: origin,
  'Access-Control-Request-Method': method,
  'Access-Control-Request-Headers': 'content-type',
});
const corsHeaders = ({ headers }: RawAnswer): string[] =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));
const variesByOrigin = ({ headers }: RawAnswer): boolean =>
  (headers.get('vary') ?? []).join().split(/, ?/).includes('Origin');

describe('front ends on origins that are allowed', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { ALLOWED_ORIGINS: FRONT_ENDS.join(',') } });
  });
  afterAll(() => app.close());

  it.each(ROUTES)(
    'read %s %s with credentials, strangers do not, and a cache is told',
    async (method, path) => {
      for (const origin of FRONT_ENDS) {
        const answer = await send(app.url, method, path, { Origin: origin });
        expect(answer.headers.get('access-control-allow-origin')).toEqual([origin]);
        expect(answer.headers.get('access-control-allow-credentials')).toEqual(['true']);
        expect(answer.headers.get('access-control-expose-headers')?.[0]).toContain('X-Request-Id');
        expect(variesByOrigin(answer)).toBe(true);
      }
      for (const origin of STRANGERS) {
        const answer = await send(app.url, method, path, { Origin: origin });
        expect([origin, corsHeaders(answer), variesByOrigin(answer)]).toEqual([origin, [], true]);
      }
      const nobody = await send(app.url, method, path, {});
      expect([corsHeaders(nobody), variesByOrigin(nobody)]).toEqual([[], true]);
    },
  );

  it.each(ROUTES)('have the preflight of %s %s answered, strangers do not', async (method, path) => {
    for (const origin of FRONT_ENDS) {
      const answer = await send(app.url, 'OPTIONS', path, preflightOf(origin, method));
      expect([answer.status, answer.body]).toEqual([204, '']);
      expect(answer.headers.get('access-control-allow-origin')).toEqual([origin]);
      expect(answer.headers.get('access-control-allow-credentials')).toEqual(['true']);
      expect(answer.headers.get('access-control-allow-methods')?.[0]?.split(',')).toContain(method);
      expect(answer.headers.get('access-control-allow-headers')).toEqual([
        'Content-Type,Authorization,X-Request-Id',
      ]);
      expect(answer.headers.get('access-control-max-age')).toEqual(['600']);
      expect(variesByOrigin(answer)).toBe(true);
    }
    for (const origin of STRANGERS) {
      const answer = await send(app.url, 'OPTIONS', path, preflightOf(origin, method));
      expectProblem(answer, path === '/nowhere' ? 'NOT_FOUND' : 'METHOD_NOT_ALLOWED');
      expect([corsHeaders(answer), variesByOrigin(answer)]).toEqual([[], true]);
    }
  });

  it('are answered an OPTIONS that is no preflight like anybody else', async () => {
    const answer = await send(app.url, 'OPTIONS', '/auth/sessions', { Origin: FRONT_ENDS[0] ?? '' });
    expectProblem(answer, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toEqual(['DELETE, GET, HEAD']);
  });

  it('are never answered with a wildcard, which browsers take no credentials with', async () => {
    for (const [method, path] of ROUTES) {
      const answer = await send(app.url, 'OPTIONS', path, preflightOf(FRONT_ENDS[0] ?? '', method));
      expect([...answer.headers.values()].flat()).not.toContain('*');
    }
  });

  it('log in and go on with the cookie', async () => {
    const account = { email: 'nora@example.com', password: PASSWORD };
    await app.createUser(account);
    const client = new CookieClient(app.url, { origin: FRONT_ENDS[1] ?? null });
    const answer = await client.post('/auth/login', account);
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, FRONT_ENDS[1]]);
    expect((await client.delete('/auth/sessions')).status).toBe(200);
  });
});

describe('CORS when no front end is allowed', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { PUBLIC_URL: 'https://api.example.com' } });
  });
  afterAll(() => app.close());

  it.each(ROUTES)('says nothing about it on %s %s, to nobody', async (method, path) => {
    for (const origin of [...FRONT_ENDS, ...STRANGERS, 'https://api.example.com', app.url]) {
      for (const answer of [
        await send(app.url, method, path, { Origin: origin }),
        await send(app.url, 'OPTIONS', path, preflightOf(origin, method)),
      ]) {
        expect([origin, corsHeaders(answer)]).toEqual([origin, []]);
      }
    }
  });
});
