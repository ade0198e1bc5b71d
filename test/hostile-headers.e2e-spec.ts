import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProblemCode } from '../src/problem/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { expectProblem } from './support/problems.js';
import { type RawAnswer, rawRequest, sendRaw } from './support/raw-http.js';

const NORA = { email: 'nora@example.com', password: PASSWORD };
const LOGIN = JSON.stringify(NORA);
const JSON_TYPE = ['Content-Type', 'application/json'] as const;
type Header = readonly [name: string, value: string];

describe('cookies and headers that no honest client sends', () => {
  let app: TestApp;
  let sid: string;
  let token: string;
  beforeAll(async () => {
    app = await startApp();
    await app.createUser(NORA);
    const browser = new CookieClient(app.url);
    await browser.post('/auth/login', NORA);
    sid = `sid=${await browser.cookie()}`;
    const mobile = new BearerClient(app.url);
    await mobile.login(NORA);
    token = `Bearer ${mobile.token}`;
  });
  afterAll(() => app.close());

  const whoAmI = (...headers: Header[]): Promise<RawAnswer> =>
    sendRaw(app.url, rawRequest('GET', '/auth/session', headers));
  const login = (headers: Header[], body: string | Buffer = LOGIN): Promise<RawAnswer> =>
    sendRaw(app.url, rawRequest('POST', '/auth/login', headers, body));
  const many = (count: number, text: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => text(i)).join('; ');

  it.each<[string, () => Header[]]>([
    [
      'the session cookie between a thousand others',
      () => [['Cookie', `${many(1_000, (i) => `c${i}=v`)}; ${sid}`]],
    ],
    ['the session cookie in quotes', () => [['Cookie', sid.replace('=', '="').concat('"')]]],
    ['the session cookie twice, the same', () => [['Cookie', `${sid}; ${sid}`]]],
    [
      'cookies in two headers',
      () => [
        ['Cookie', 'theme=dark'],
        ['Cookie', sid],
      ],
    ],
    [
      'cookies without a name, a value or sense',
      () => [['Cookie', `;;; =; =x; a; ${sid}; b=; __proto__=1; constructor=1`]],
    ],
    ['cookies whose percent encoding is broken', () => [['Cookie', `a=%; b=%E0%A4%A; c=%00; ${sid}`]]],
    ['a token after many blanks', () => [['Authorization', token.replace(' ', '          ')]]],
    [
      'a token and an endless user agent',
      () => [
        ['Authorization', token],
        ['User-Agent', 'Mozilla/5.0 ('.repeat(600)],
      ],
    ],
  ])('finds its session: %s', async (_, headers) => {
    const answer = await whoAmI(...headers());
    expect([answer.status, JSON.parse(answer.body).user.email]).toEqual([200, NORA.email]);
  });

  it.each<[string, ProblemCode, () => Header[]]>([
    ['a cookie whose percent encoding is broken', 'UNAUTHENTICATED', () => [['Cookie', 'sid=%E0%A4%A']]],
    ['a cookie that is only a percent sign', 'UNAUTHENTICATED', () => [['Cookie', 'sid=%']]],
    ['a cookie of NUL', 'UNAUTHENTICATED', () => [['Cookie', 'sid=%00']]],
    ['a cookie that is no Latin-1 text', 'UNAUTHENTICATED', () => [['Cookie', 'sid=\xff\xfe\x80']]],
    ['a cookie of fifteen kilobytes', 'UNAUTHENTICATED', () => [['Cookie', `sid=s%3A${'a.'.repeat(7_500)}`]]],
    [
      'a cookie with the case of its name changed',
      'UNAUTHENTICATED',
      () => [['Cookie', sid.replace('sid', 'SID')]],
    ],
    [
      'a token of fifteen kilobytes',
      'UNAUTHENTICATED',
      () => [['Authorization', `Bearer ${'a'.repeat(15_000)}`]],
    ],
    [
      'a token of fifteen kilobytes of dots',
      'UNAUTHENTICATED',
      () => [['Authorization', `Bearer lk_${'.'.repeat(15_000)}`]],
    ],
    [
      'fifteen kilobytes of blanks',
      'UNAUTHENTICATED',
      () => [['Authorization', `Bearer ${' '.repeat(15_000)}x y`]],
    ],
    ['a token that is no ASCII', 'UNAUTHENTICATED', () => [['Authorization', 'Bearer \xd0\xb6']]],
    ['two tokens in one header', 'UNAUTHENTICATED', () => [['Authorization', `${token}, ${token}`]]],
    ['an empty scheme', 'UNAUTHENTICATED', () => [['Authorization', '']]],
    ['two session cookies', 'AMBIGUOUS_CREDENTIALS', () => [['Cookie', `${sid}; sid=other`]]],
    [
      'two session cookies, the good one last',
      'AMBIGUOUS_CREDENTIALS',
      () => [['Cookie', `sid=other; ${sid}`]],
    ],
    [
      'two session cookies in two headers',
      'AMBIGUOUS_CREDENTIALS',
      () => [
        ['Cookie', sid],
        ['Cookie', 'sid='],
      ],
    ],
    [
      'a thousand session cookies',
      'AMBIGUOUS_CREDENTIALS',
      () => [['Cookie', many(1_000, (i) => `sid=${i}`)]],
    ],
    [
      'the token twice',
      'AMBIGUOUS_CREDENTIALS',
      () => [
        ['Authorization', token],
        ['authorization', token],
      ],
    ],
    [
      'a good token before a bad one',
      'AMBIGUOUS_CREDENTIALS',
      () => [
        ['Authorization', token],
        ['Authorization', 'Bearer x'],
      ],
    ],
    [
      'a bad token before a good one',
      'AMBIGUOUS_CREDENTIALS',
      () => [
        ['Authorization', 'Bearer x'],
        ['Authorization', token],
      ],
    ],
    [
      'a bad token hidden behind another scheme, beside a good cookie',
      'AMBIGUOUS_CREDENTIALS',
      () => [
        ['Authorization', 'Basic eDp5'],
        ['AUTHORIZATION', 'Bearer x'],
        ['Cookie', sid],
      ],
    ],
    [
      'headers of seventeen kilobytes',
      'HEADERS_TOO_LARGE',
      () => [['Authorization', `Bearer ${'a'.repeat(17_000)}`]],
    ],
    [
      'a hundred headers and its credential behind them',
      'HEADERS_TOO_LARGE',
      () => [...Array.from({ length: 100 }, (_, i) => [`x${i}`, ''] as const), ['Cookie', sid]],
    ],
    [
      'more headers than node:http keeps',
      'HEADERS_TOO_LARGE',
      () => [...Array.from({ length: 2_100 }, (_, i) => [`x${i}`, ''] as const), ['Cookie', sid]],
    ],
    [
      'another Host',
      'BAD_REQUEST',
      () => [
        ['Cookie', sid],
        ['Host', 'evil.example'],
      ],
    ],
    [
      'NUL',
      'BAD_REQUEST',
      () => [
        ['X-A', 'a\0b'],
        ['Cookie', sid],
      ],
    ],
    [
      'a carriage return',
      'BAD_REQUEST',
      () => [
        ['X-A', 'a\rb'],
        ['Cookie', sid],
      ],
    ],
    [
      'a folded line',
      'BAD_REQUEST',
      () => [
        ['X-A', 'a\r\n b'],
        ['Cookie', sid],
      ],
    ],
    [
      'a header without a name',
      'BAD_REQUEST',
      () => [
        ['', 'x'],
        ['Cookie', sid],
      ],
    ],
    [
      'a name with a blank behind it',
      'BAD_REQUEST',
      () => [
        ['X-A ', 'x'],
        ['Cookie', sid],
      ],
    ],
  ])('answers %s with %s', async (_, code, headers) => {
    expectProblem(await whoAmI(...headers()), code);
  });

  it('answers a request without a Host, of which HTTP/1.0 alone has no need', async () => {
    const request = (version: string) =>
      sendRaw(app.url, `GET /auth/session HTTP/${version}\r\nCookie: ${sid}\r\nConnection: close\r\n\r\n`);
    expectProblem(await request('1.1'), 'BAD_REQUEST');
    expect((await request('1.0')).status).toBe(200);
  });

  it.each([
    ['a bare line feed for a line end', 'GET /auth/session HTTP/1.1\nHost: a\n\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method that does not exist', 'FOO /auth/session HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method in lower case', 'get /auth/session HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a TLS handshake', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
    ['no version of HTTP', 'GET /auth/session HTTP/9.9\r\nHost: a\r\n\r\n'],
    ['an address that does not begin with a slash', 'GET auth/session HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an address with a byte that is no ASCII', 'GET /auth/sessi\xf6n HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('answers %s with BAD_REQUEST', async (_, bytes) => {
    expectProblem(await sendRaw(app.url, Buffer.from(bytes, 'latin1')), 'BAD_REQUEST');
  });

  it.each<[string, ProblemCode, Header[], string]>([
    [
      'two lengths',
      'BAD_REQUEST',
      [
        ['Content-Length', '2'],
        ['Content-Length', '4'],
      ],
      '{}',
    ],
    [
      'the same length twice',
      'BAD_REQUEST',
      [
        ['Content-Length', '2'],
        ['Content-Length', '2'],
      ],
      '{}',
    ],
    ['a list of lengths', 'BAD_REQUEST', [['Content-Length', '2, 2']], '{}'],
    ['a negative length', 'BAD_REQUEST', [['Content-Length', '-1']], '{}'],
    ['a length with a sign', 'BAD_REQUEST', [['Content-Length', '+2']], '{}'],
    ['a hexadecimal length', 'BAD_REQUEST', [['Content-Length', '0x2']], '{}'],
    ['a length beyond every number', 'BAD_REQUEST', [['Content-Length', '9'.repeat(30)]], '{}'],
    ['a length beyond the limit', 'BODY_TOO_LARGE', [['Content-Length', '1000000000']], ''],
    [
      'a length and chunks',
      'BAD_REQUEST',
      [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '4'],
      ],
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    [
      'chunks and a length',
      'BAD_REQUEST',
      [
        ['Content-Length', '4'],
        ['Transfer-Encoding', 'chunked'],
      ],
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    [
      'chunks that are not the last coding',
      'BAD_REQUEST',
      [['Transfer-Encoding', 'chunked, gzip']],
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    ['another coding alone', 'BAD_REQUEST', [['Transfer-Encoding', 'gzip']], '{}'],
    [
      'another coding under the chunks',
      'UNSUPPORTED_MEDIA_TYPE',
      [['Transfer-Encoding', 'gzip, chunked']],
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    [
      'chunks twice',
      'BAD_REQUEST',
      [
        ['Transfer-Encoding', 'chunked'],
        ['Transfer-Encoding', 'chunked'],
      ],
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    [
      'a blank before the colon of Transfer-Encoding',
      'BAD_REQUEST',
      [['Transfer-Encoding ', 'chunked']],
      '2\r\n{}\r\n0\r\n\r\n',
    ],
    ['a chunk without a size', 'BAD_REQUEST', [['Transfer-Encoding', 'chunked']], 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a chunk of negative size', 'BAD_REQUEST', [['Transfer-Encoding', 'chunked']], '-2\r\n{}\r\n0\r\n\r\n'],
    [
      'a chunk beyond every number',
      'BAD_REQUEST',
      [['Transfer-Encoding', 'chunked']],
      `${'f'.repeat(20)}\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'a chunk with twenty kilobytes of extensions',
      'BODY_TOO_LARGE',
      [['Transfer-Encoding', 'chunked']],
      `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'chunks beyond the limit',
      'BODY_TOO_LARGE',
      [['Transfer-Encoding', 'chunked']],
      `5000\r\n${' '.repeat(0x5000)}\r\n0\r\n\r\n`,
    ],
  ])('answers a body announced by %s with %s, once', async (_, code, headers, body) => {
    const answer = await login([JSON_TYPE, ...headers], body);
    expectProblem(answer, code);
    expect(answer.answers).toBe(1);
  });

  it('takes nothing that follows a request whose length is in doubt for a request', async () => {
    const smuggled = 'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const answer = await sendRaw(
      app.url,
      `POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n${smuggled}`,
    );
    expectProblem(answer, 'BAD_REQUEST');
    expect(answer.answers).toBe(1);
  });

  it('asks for a body that it wants, and refuses one that it does not before it is sent', async () => {
    const wanted = await login([JSON_TYPE, ['Expect', '100-continue']]);
    expect([wanted.interim, wanted.status]).toEqual([[100], 200]);
    const refusals: [ProblemCode, Header[]][] = [
      ['BODY_TOO_LARGE', [JSON_TYPE, ['Content-Length', '100000']]],
      [
        'UNSUPPORTED_MEDIA_TYPE',
        [
          ['Content-Type', 'text/plain'],
          ['Content-Length', '2'],
        ],
      ],
      ['CROSS_SITE_REQUEST', [JSON_TYPE, ['Content-Length', '2'], ['Origin', 'https://evil.example']]],
    ];
    for (const [code, headers] of refusals) {
      // Without Connection: close, the server closes by itself: it cannot know whether the body will come.
      const request = rawRequest('POST', '/auth/login', [...headers, ['Expect', '100-continue']]);
      const answer = await sendRaw(app.url, request.toString().replace('Connection: close\r\n', ''));
      expectProblem(answer, code);
      expect(answer.interim).toEqual([]);
    }
  });

  it('ignores an expectation that nobody has defined', async () => {
    expect((await login([JSON_TYPE, ['Expect', '200-maybe']])).status).toBe(200);
    expectProblem(await whoAmI(['Expect', 'the-unexpected']), 'UNAUTHENTICATED');
  });

  it('ignores headers that claim another method, host, address or scheme', async () => {
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', '_method']) {
      expect((await whoAmI(['Cookie', sid], [name, 'DELETE'])).status).toBe(200);
    }
    const answer = await whoAmI(
      ['Cookie', sid],
      ['X-Forwarded-For', '\'"<>,,,, 999.999.999.999, ::ffff:%'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Proto', 'javascript'],
      ['X-Original-URL', '/admin/users'],
      ['X-Rewrite-URL', '/admin/users'],
      ['Forwarded', 'for="_gazonk";proto=\\'],
    );
    expect([answer.status, JSON.parse(answer.body).session.ip]).toEqual([200, '127.0.0.1']);
  });

  it('goes on after an offer to speak another protocol', async () => {
    for (const upgrade of ['websocket', 'h2c', 'TLS/1.0']) {
      expect((await whoAmI(['Cookie', sid], ['Upgrade', upgrade])).status).toBe(200);
    }
  });

  it('made no session for any of them', async () => {
    const { body } = await new BearerClient(app.url, token.slice('Bearer '.length)).get('/auth/sessions');
    // One of each transport, and those of the logins that were meant to succeed.
    expect(body.total).toBe(4);
  });
});
