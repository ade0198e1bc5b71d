import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { ProblemCode } from '../src/problem/index.js';
import { type AdminApp, startAdminApp } from './support/admin-app.js';
import { PASSWORD } from './support/app.js';
import type { Answer, CookieClient } from './support/clients.js';
import { readAnswer } from './support/clients.js';
import { expectProblem } from './support/problems.js';

const nested = (levels: number, open: string, close: string): string =>
  open.repeat(levels) + close.repeat(levels);
const manyKeys = (count: number): string =>
  `{${Array.from({ length: count }, (_, i) => `"${i.toString(36)}":1`).join()}}`;

describe('bodies that no honest client sends', () => {
  let app: AdminApp;
  let nora: CookieClient;
  let noraId: string;
  beforeAll(async () => {
    app = await startAdminApp();
    const person = await app.person('nora@example.com');
    nora = person.clients[0] as CookieClient;
    noraId = person.id;
  });
  afterAll(() => app.close());

  /** Every route that reads a body, with somebody who may use it. */
  const routes: [method: string, path: () => string, client: () => CookieClient][] = [
    ['POST', () => '/auth/login', () => nora],
    ['POST', () => '/auth/register', () => nora],
    ['POST', () => '/auth/reauthenticate', () => nora],
    ['PUT', () => '/auth/password', () => nora],
    ['PATCH', () => `/admin/users/${noraId}`, () => app.admin],
  ];
  const send = async (
    [method, path, client]: (typeof routes)[number],
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    readAnswer(
      await fetch(app.url + path(), {
        method,
        body,
        headers: {
          'content-type': 'application/json',
          cookie: await client().jar.getCookieString(app.url),
          origin: app.url,
          ...headers,
        },
      }),
    );

  it.each<[string, ProblemCode, string]>([
    ['four thousand arrays within each other', 'VALIDATION_FAILED', nested(4_000, '[', ']')],
    ['eight thousand arrays within each other', 'VALIDATION_FAILED', nested(8_000, '[', ']')],
    ['arrays within each other that never end', 'MALFORMED_JSON', '['.repeat(10_000)],
    ['ten thousand levels', 'BODY_TOO_LARGE', nested(10_000, '[', ']')],
    ['objects within each other', 'VALIDATION_FAILED', `${'{"a":'.repeat(2_700)}1${'}'.repeat(2_700)}`],
    ['fifteen hundred unknown keys', 'VALIDATION_FAILED', manyKeys(1_500)],
    ['one key of sixteen kilobytes', 'VALIDATION_FAILED', `{"${'k'.repeat(16_000)}":1}`],
    ['a number beyond every number', 'VALIDATION_FAILED', `{"email":${'9'.repeat(10_000)}}`],
    ['a number of many digits', 'VALIDATION_FAILED', `{"email":1e${'9'.repeat(100)}}`],
    ['an array', 'VALIDATION_FAILED', '[]'],
    ['an array of what it should be', 'VALIDATION_FAILED', '[{"email":"a@example.com","password":"x"}]'],
    ['nothing in it', 'VALIDATION_FAILED', '{}'],
    [
      '__proto__',
      'VALIDATION_FAILED',
      '{"__proto__":{"email":"a@example.com","password":"x","roles":["admin"]}}',
    ],
    ['constructor.prototype', 'VALIDATION_FAILED', '{"constructor":{"prototype":{"roles":["admin"]}}}'],
    ['prototype', 'VALIDATION_FAILED', '{"prototype":{"disabled":true}}'],
    ['names of methods', 'VALIDATION_FAILED', '{"toString":1,"hasOwnProperty":1,"then":1,"toJSON":1}'],
    [
      'wrong types everywhere',
      'VALIDATION_FAILED',
      '{"email":{"a":1},"password":["x"],"currentPassword":1,"newPassword":true,"roles":{"0":"admin"},"disabled":"true"}',
    ],
    [
      'null everywhere',
      'VALIDATION_FAILED',
      '{"email":null,"password":null,"currentPassword":null,"roles":null}',
    ],
    ['a string', 'MALFORMED_JSON', '"text"'],
    ['null', 'MALFORMED_JSON', 'null'],
    ['two documents', 'MALFORMED_JSON', '{}{}'],
    ['a comment', 'MALFORMED_JSON', '{/**/}'],
    ['single quotes', 'MALFORMED_JSON', "{'email':1}"],
    ['NaN', 'MALFORMED_JSON', '{"email":NaN}'],
    ['NUL', 'MALFORMED_JSON', '\0'],
    ['NUL inside of a string', 'MALFORMED_JSON', '{"email":"a\0"}'],
    ['blanks alone', 'MALFORMED_JSON', ' '.repeat(1_000)],
  ])('answers %s with %s on every route', async (_, code, body) => {
    for (const route of routes) expectProblem(await send(route, body), code);
    expect(({} as Record<string, unknown>)['roles']).toBeUndefined();
  });

  it('answers bytes that are not UTF-8 with MALFORMED_JSON', async () => {
    const bodies = [
      Buffer.from('{"email":"\xff"}', 'latin1'),
      Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d]),
      Buffer.from('{}', 'utf16le'),
      Buffer.from('\ufeff{}', 'utf16le'),
    ];
    for (const body of bodies) {
      for (const route of routes) expectProblem(await send(route, body), 'MALFORMED_JSON');
    }
  });

  it.each([
    ['utf-16', 'application/json; charset=utf-16'],
    ['utf-7', 'application/json; charset=utf-7'],
    ['two charsets', 'application/json; charset=utf-8; charset=utf-16'],
    ['a multipart form', 'multipart/form-data; boundary=x'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain;charset=UTF-8'],
    ['another kind of JSON', 'application/json5'],
    ['JSON with a suffix', 'application/vnd.api+json'],
    ['a list of types', 'application/json, text/plain'],
    ['a parameter that nobody knows', 'application/json; profile=x'],
    ['fifteen kilobytes of type', `application/json${' '.repeat(15_000)}x`],
    ['nothing', ''],
  ])('answers the type of %s with UNSUPPORTED_MEDIA_TYPE on every route', async (_, type) => {
    for (const route of routes)
      expectProblem(await send(route, '{}', { 'content-type': type }), 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('unpacks nothing, however small it is', async () => {
    const bomb = Buffer.alloc(8_000_000, ' ');
    for (const [encoding, body] of [
      ['gzip', gzipSync(bomb)],
      ['deflate', deflateSync(bomb)],
      ['br', brotliCompressSync(bomb)],
      ['x-gzip', gzipSync(bomb)],
      ['gzip, gzip', gzipSync(gzipSync(bomb))],
      ['identity, gzip', gzipSync(bomb)],
      ['zstd', Buffer.from('(\xb5/\xfd', 'latin1')],
    ] as const) {
      for (const route of routes)
        expectProblem(await send(route, body, { 'content-encoding': encoding }), 'UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it.each<[string, ProblemCode, object]>([
    ['NUL in an e-mail', 'VALIDATION_FAILED', { email: 'nora\0@example.com', password: 'x' }],
    [
      'a lone surrogate in an e-mail',
      'VALIDATION_FAILED',
      { email: 'nora\ud800@example.com', password: 'x' },
    ],
    [
      'an e-mail of sixteen kilobytes',
      'INVALID_CREDENTIALS',
      { email: `${'a'.repeat(16_000)}@b.c`, password: 'x' },
    ],
    ['NUL in a password', 'INVALID_CREDENTIALS', { email: 'nobody1@example.com', password: 'x\0y' }],
    [
      'a lone surrogate in a password',
      'INVALID_CREDENTIALS',
      { email: 'nobody2@example.com', password: '\udfff' },
    ],
    [
      'a password of sixteen kilobytes',
      'INVALID_CREDENTIALS',
      { email: 'nobody3@example.com', password: 'x'.repeat(16_000) },
    ],
    [
      'a password of five thousand combining marks',
      'INVALID_CREDENTIALS',
      { email: 'nobody4@example.com', password: 'e\u0301'.repeat(5_000) },
    ],
    ['an operator for an e-mail', 'VALIDATION_FAILED', { email: { $ne: null }, password: { $ne: null } }],
    [
      'SQL in an e-mail',
      'INVALID_CREDENTIALS',
      { email: "' or 1=1 --@example.com", password: "' or '1'='1" },
    ],
    [
      'a device of NUL and surrogates',
      'INVALID_CREDENTIALS',
      { email: 'nobody5@example.com', password: 'x', deviceToken: '\0\ud800' },
    ],
    [
      'a session that is no session',
      'INVALID_CREDENTIALS',
      { email: 'nobody6@example.com', password: 'x', revokeSessionId: '../\0' },
    ],
    [
      'a transport of another kind',
      'VALIDATION_FAILED',
      { email: 'a@example.com', password: 'x', transport: '__proto__' },
    ],
  ])('answers a login with %s with %s', async (_, code, body) => {
    expectProblem(await app.admin.post('/auth/login', body), code);
  });

  it('takes a body behind a byte order mark, and the last of two members of one name', async () => {
    const body = `\ufeff{"email":"other@example.com","email":"nora@example.com","password":${JSON.stringify(PASSWORD)}}`;
    const answer = await send(routes[0] as (typeof routes)[number], body);
    expect([answer.status, answer.body.user.email]).toEqual([200, 'nora@example.com']);
  });

  it('reads no body where there is none to read, but refuses what it would not understand', async () => {
    const cookie = await nora.jar.getCookieString(app.url);
    const probe = async (body: string, type: string): Promise<Answer> =>
      readAnswer(
        await fetch(`${app.url}/auth/logout`, {
          method: 'POST',
          body,
          headers: { 'content-type': type, origin: 'https://evil.example', cookie },
        }),
      );
    expectProblem(await probe('{}', 'application/json'), 'CROSS_SITE_REQUEST');
    const fresh = await app.person('gerd@example.com');
    const gerd = fresh.clients[0] as CookieClient;
    expectProblem(
      await gerd.post('/auth/logout', [1], { headers: { 'content-type': 'text/xml' } }),
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expect((await gerd.get('/auth/session')).status).toBe(200);
    expect((await gerd.post('/auth/logout', { what: 'ever' })).status).toBe(204);
  });
});
