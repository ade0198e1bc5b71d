import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { expectProblem } from './support/problems.js';
import { type RawAnswer, rawRequest, sendRaw } from './support/raw-http.js';

const FRONT_ENDS = ['https://shop.example.com', 'https://games.example.com:8443'];
const [FRONT_END = ''] = FRONT_ENDS;
const NORA = { email: 'nora@example.com', password: PASSWORD };

type Header = [name: string, value: string];
type Credential =
  | 'none'
  | 'cookie'
  | 'stale cookie'
  | 'foreign cookie'
  | 'bearer'
  | 'bad bearer'
  | 'both'
  | 'bad bearer and cookie';

const CREDENTIALS: Credential[] = [
  'none',
  'cookie',
  'stale cookie',
  'foreign cookie',
  'bearer',
  'bad bearer',
  'both',
  'bad bearer and cookie',
];
const ORIGINS = [
  undefined,
  'own',
  FRONT_END,
  'https://evil.example',
  'null',
  '',
  '*',
  `${FRONT_END}/`,
  FRONT_END.toUpperCase(),
  'own, own',
];
const SITES = [
  undefined,
  'same-origin',
  'none',
  'same-site',
  'cross-site',
  'SAME-ORIGIN',
  '',
  'same-origin, same-origin',
];

describe('every combination that the cross-site rule decides', () => {
  let app: TestApp;
  let sid: string;
  let token: string;
  beforeAll(async () => {
    app = await startApp({ env: { ALLOWED_ORIGINS: FRONT_ENDS.join(',') } });
    await app.createUser(NORA);
    const browser = new CookieClient(app.url);
    await browser.post('/auth/login', NORA);
    sid = (await browser.cookie()) ?? '';
    const mobile = new BearerClient(app.url);
    await mobile.login(NORA);
    token = mobile.token ?? '';
  });
  afterAll(() => app.close());

  const send = (method: string, path: string, headers: Header[], body = ''): Promise<RawAnswer> =>
    sendRaw(app.url, rawRequest(method, path, headers, body));
  const codeOf = ({ status, body }: RawAnswer): string | number =>
    status < 400 ? status : (JSON.parse(body) as { code: string }).code;

  const credentialHeaders = (credential: Credential): Header[] => {
    const cookie: Header = ['Cookie', `sid=${sid}`];
    switch (credential) {
      case 'none':
        return [];
      case 'cookie':
        return [cookie];
      case 'stale cookie':
        return [['Cookie', 'sid=s%3Astale.x']];
      case 'foreign cookie':
        return [['Cookie', 'theme=dark; xsid=1']];
      case 'bearer':
        return [['Authorization', `Bearer ${token}`]];
      case 'bad bearer':
        return [['Authorization', 'Bearer bad']];
      case 'both':
        return [['Authorization', `Bearer ${token}`], cookie];
      case 'bad bearer and cookie':
        return [['Authorization', 'Bearer bad'], cookie];
    }
  };
  const fromWhere = (origin: string | undefined, site: string | undefined): Header[] => [
    ...(origin === undefined ? [] : [['Origin', origin.replaceAll('own', app.url)] as Header]),
    ...(site === undefined ? [] : [['Sec-Fetch-Site', site] as Header]),
  ];

  // The rule of docs/http-api.md, word by word, and written once more: not in the terms of the code.
  const known = (origin: string): boolean => origin === 'own' || FRONT_ENDS.includes(origin);
  const allowed = (origin: string | undefined, site: string | undefined, ourCookie: boolean): boolean => {
    if (origin !== undefined) return known(origin);
    if (site !== undefined) return site === 'same-origin' || site === 'none';
    return !ourCookie;
  };

  /** What each route says to whom it lets past: nothing here changes anything, so that no case depends on another. */
  const UNSAFE: [method: string, path: string, past: (credential: Credential) => string | number][] = [
    ['POST', '/auth/login', () => 'VALIDATION_FAILED'],
    ['POST', '/auth/register', () => 'VALIDATION_FAILED'],
    ['PUT', '/auth/password', (credential) => (isLive(credential) ? 'VALIDATION_FAILED' : 'UNAUTHENTICATED')],
    [
      'DELETE',
      '/auth/sessions/x',
      (credential) => (isLive(credential) ? 'SESSION_NOT_FOUND' : 'UNAUTHENTICATED'),
    ],
  ];
  const isLive = (credential: Credential): boolean => credential === 'cookie' || credential === 'bearer';

  describe.each(CREDENTIALS)('with %s', (credential) => {
    const bearer = credential.includes('bearer') || credential === 'both';
    const ambiguous = credential === 'both' || credential === 'bad bearer and cookie';

    it.each(UNSAFE)(
      'decides on %s %s by Origin, else by Sec-Fetch-Site, else by the cookie',
      async (method, path, past) => {
        const body = method === 'DELETE' ? '' : '{}';
        for (const origin of ORIGINS) {
          for (const site of SITES) {
            const headers: Header[] = [
              ...credentialHeaders(credential),
              ...fromWhere(origin, site),
              ...(body === '' ? [] : [['Content-Type', 'application/json'] as Header]),
            ];
            const lets =
              bearer || allowed(origin, site, credential === 'cookie' || credential === 'stale cookie');
            const expected = !lets
              ? 'CROSS_SITE_REQUEST'
              : ambiguous
                ? 'AMBIGUOUS_CREDENTIALS'
                : past(credential);
            const answer = await send(method, path, headers, body);
            expect({ origin, site, code: codeOf(answer) }).toEqual({ origin, site, code: expected });
            if (expected === 'CROSS_SITE_REQUEST') expectProblem(answer, 'CROSS_SITE_REQUEST');
            expect(answer.headers.get('set-cookie')).toBeUndefined();
          }
        }
      },
    );

    it.each(['GET', 'HEAD'])('lets %s past, wherever it comes from', async (method) => {
      const status = ambiguous ? 400 : isLive(credential) ? 200 : 401;
      for (const origin of ORIGINS) {
        for (const site of SITES) {
          const headers = [...credentialHeaders(credential), ...fromWhere(origin, site)];
          expect({ origin, site, status: (await send(method, '/auth/session', headers)).status }).toEqual({
            origin,
            site,
            status,
          });
        }
      }
    });
  });

  it('refuses two origins, one of them its own', async () => {
    for (const [first, second] of [
      [app.url, 'https://evil.example'],
      ['https://evil.example', app.url],
      [app.url, app.url],
    ]) {
      const headers: Header[] = [
        ['Origin', first ?? ''],
        ['Origin', second ?? ''],
        ['Content-Type', 'application/json'],
      ];
      expectProblem(await send('POST', '/auth/login', headers, '{}'), 'CROSS_SITE_REQUEST');
    }
  });

  it('reads JSON alone, so that no form of a page is understood even where the rule would let it past', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      const headers: Header[] = [
        ['Content-Type', type],
        ['Origin', app.url],
      ];
      expectProblem(
        await send('POST', '/auth/login', headers, JSON.stringify(NORA)),
        'UNSUPPORTED_MEDIA_TYPE',
      );
    }
  });

  describe('behind a gateway that asks with GET /auth/verify', () => {
    const METHODS = [undefined, 'GET', 'HEAD', 'POST', 'get', 'post', '', 'GET, POST', 'QUERY'];
    const PLACES: [string | undefined, string | undefined][] = [
      [undefined, undefined],
      ['own', undefined],
      [FRONT_END, 'cross-site'],
      ['https://evil.example', undefined],
      ['https://evil.example', 'same-origin'],
      ['null', undefined],
      [undefined, 'same-origin'],
      [undefined, 'cross-site'],
    ];
    const safe = (method: string | undefined): boolean =>
      method === undefined || ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method);

    it.each(['cookie', 'bearer'] as const)(
      'with %s, both headers must be of safe methods, or the place a known one',
      async (credential) => {
        for (const forwarded of METHODS) {
          for (const original of METHODS) {
            for (const [origin, site] of PLACES) {
              const headers: Header[] = [
                ...credentialHeaders(credential),
                ...fromWhere(origin, site),
                ...(forwarded === undefined ? [] : [['X-Forwarded-Method', forwarded] as Header]),
                ...(original === undefined ? [] : [['X-Original-Method', original] as Header]),
              ];
              const lets =
                credential === 'bearer' || (safe(forwarded) && safe(original)) || allowed(origin, site, true);
              expect({
                forwarded,
                original,
                origin,
                site,
                code: codeOf(await send('GET', '/auth/verify', headers)),
              }).toEqual({
                forwarded,
                original,
                origin,
                site,
                code: lets ? 204 : 'CROSS_SITE_REQUEST',
              });
            }
          }
        }
      },
    );

    it('believes the less harmless of two that a gateway and its client have sent', async () => {
      for (const methods of [
        ['GET', 'POST'],
        ['POST', 'GET'],
      ]) {
        const headers = methods.map((method): Header => ['X-Forwarded-Method', method]);
        const answer = await send('GET', '/auth/verify', [...credentialHeaders('cookie'), ...headers]);
        expectProblem(answer, 'CROSS_SITE_REQUEST');
      }
    });

    it('tells a stranger nothing but that he is one', async () => {
      const headers: Header[] = [
        ['X-Forwarded-Method', 'POST'],
        ['Origin', 'https://evil.example'],
      ];
      expectProblem(await send('GET', '/auth/verify', headers), 'UNAUTHENTICATED');
    });
  });
});
