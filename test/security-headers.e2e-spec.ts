import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';

import { describeApi } from '../src/create-app.js';
import { HttpDrain } from '../src/http/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, type Answer } from './support/clients.js';
import { rawRequest, sendRaw } from './support/raw-http.js';

/** ASVS 5.0, V3.4; OWASP HTTP headers cheat sheet. */
const ON_EVERY_ANSWER: Record<string, string> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none';object-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
const NEVER = ['server', 'x-powered-by', 'via', 'x-aspnet-version', 'x-runtime'];
// What an error page could tell of what is behind it.
const BANNER =
  /express|nest(js)?\b|node(js|_modules)|redis|sqlite|postgres|swagger|\bat \w+ \(|\d+\.\d+\.\d+/i;

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'sqlite::memory:',
  PUBLIC_URL: 'https://app.example.com',
  ALLOWED_ORIGINS: 'https://shop.example.com',
  ARGON2_MEMORY_KIB: '19456',
  DOCS: 'on',
};

const get = (headers: Headers | IncomingMessage['headers'], name: string): string | undefined =>
  headers instanceof Headers ? (headers.get(name) ?? undefined) : headers[name]?.toString();

function expectHeaders(what: string, headers: Headers | IncomingMessage['headers'], others = {}): void {
  const expected = { ...ON_EVERY_ANSWER, ...others };
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, get(headers, name)]));
  expect({ what, ...found }).toEqual({ what, ...expected });
  expect({ what, banners: NEVER.filter((name) => get(headers, name) !== undefined) }).toEqual({
    what,
    banners: [],
  });
}

function expectAnswer(what: string, status: number, answer: Answer): void {
  expect({ what, status: answer.status }).toEqual({ what, status });
  expectHeaders(what, answer.headers);
  if (status >= 400) expect(answer.text).not.toMatch(BANNER);
}

describe('the headers of a production', () => {
  let app: TestApp;
  const nobody = () => new BearerClient(app.url);
  const admin = async (): Promise<BearerClient> => {
    const client = nobody();
    await client.login({ email: 'root@example.com', password: PASSWORD });
    return client;
  };

  beforeAll(async () => {
    app = await startApp({ env: PRODUCTION, redisMayBreak: true });
    await app.createUser({ email: 'root@example.com', roles: ['admin'] });
  });
  afterAll(() => app.close());

  it('are on every answer of every operation, for everybody', async () => {
    const { paths } = describeApi(app.app, app.env);
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{\w+\}/g, 'x'),
      })),
    );
    expect(operations.length).toBeGreaterThan(20);
    const statuses = new Set<number>();
    for (const { method, path } of operations) {
      for (const client of [nobody(), new BearerClient(app.url, 'lk_wrong'), await admin()]) {
        const answer = await client.request(method, path);
        statuses.add(answer.status);
        expectAnswer(`${method} ${path} ${answer.status}`, answer.status, answer);
      }
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 204, 400, 401, 404]));
  });

  const json = { 'content-type': 'application/json' };
  const foreign = { origin: 'https://evil.example' };
  const preflight = { 'access-control-request-method': 'POST' };
  it.each<[string, string, number, Record<string, string>?, string?]>([
    ['GET', '/', 404],
    ['GET', '/auth', 404],
    ['GET', '/admin/', 404],
    ['GET', '/auth/nothing', 404],
    ['GET', '//auth/session', 404],
    ['GET', '/auth//session', 404],
    ['GET', '/auth/session/', 401],
    ['GET', '/%61uth/session', 404],
    ['GET', '/auth/session?a=%0d%0aX-Injected:%201', 401],
    ['GET', '/auth/%E0%A4%A', 400],
    ['DELETE', '/auth/sessions/%E0%A4%A', 400],
    ['GET', '/metrics', 404],
    ['HEAD', '/auth/session', 401],
    ['PATCH', '/auth/session', 405],
    ['POST', '/auth/login', 400, json, '{"email":'],
    ['POST', '/auth/login', 400, json, '{}'],
    ['POST', '/auth/login', 413, json, JSON.stringify({ email: 'x'.repeat(17_000) })],
    ['POST', '/auth/login', 415, { 'content-type': 'text/plain' }, 'x'],
    ['POST', '/auth/login', 401, json, '{"email":"a@example.com","password":"wrong"}'],
    ['POST', '/auth/login', 403, { ...json, ...foreign }, '{}'],
    ['GET', '/auth/session', 401, foreign],
    ['OPTIONS', '/auth/login', 204, { origin: 'https://shop.example.com', ...preflight }],
  ])('are on %s %s, which is answered %i', async (method, path, status, headers = {}, body) => {
    const response = await fetch(`${app.url}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    expectAnswer(`${method} ${path}`, status, {
      status: response.status,
      headers: response.headers,
      text,
      body: text,
    });
    expect(response.headers.get('x-injected')).toBeNull();
  });

  const chunked = { ...json, 'Transfer-Encoding': 'chunked' };
  it.each<[string, number, Buffer | string]>([
    ['what is not HTTP', 400, 'NOT HTTP AT ALL\r\n\r\n'],
    ['a request without Host', 400, 'GET /auth/session HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['headers without end', 431, rawRequest('GET', '/auth/session', { 'X-Long': 'x'.repeat(20_000) })],
    ['a body in malformed chunks', 400, rawRequest('POST', '/auth/login', chunked, 'zz\r\n{}\r\n0\r\n\r\n')],
    [
      'chunk extensions without end',
      413,
      rawRequest('POST', '/auth/login', chunked, `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
    ],
    ['CONNECT', 405, rawRequest('CONNECT', 'evil.example:443')],
    ['TRACE', 405, rawRequest('TRACE', '/auth/session')],
    ['an upgrade', 401, rawRequest('GET', '/auth/session', { Upgrade: 'websocket' })],
    ['an expectation', 400, rawRequest('POST', '/auth/login', { ...json, Expect: 'miracles' }, '{}')],
    ['OPTIONS *', 404, rawRequest('OPTIONS', '*')],
  ])('are on the answer to %s, which is %i', async (what, status, bytes) => {
    const answer = await sendRaw(app.url, bytes);
    expect({ what, status: answer.status }).toEqual({ what, status });
    expectHeaders(
      what,
      Object.fromEntries([...answer.headers].map(([name, values]) => [name, values.join(', ')])),
    );
    expect(answer.body).not.toMatch(BANNER);
  });

  it('let the page of the documentation show itself and nothing else', async () => {
    const page = await nobody().get('/docs');
    const policy = page.headers.get('content-security-policy') ?? '';
    expectHeaders('/docs', page.headers, { 'content-security-policy': policy });
    for (const directive of [
      "default-src 'none'",
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split(';')).toContain(directive);
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|\*|https?:/);
    for (const file of page.text.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)) {
      const path = new URL(file[1] as string, `${app.url}/docs`).pathname;
      const answer = await nobody().get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expectHeaders(path, answer.headers, { 'content-security-policy': policy });
    }
    const nothing = await nobody().get('/docs/nothing');
    expect(nothing.status).toBe(404);
    expectHeaders('/docs/nothing', nothing.headers, { 'content-security-policy': policy });
  });

  it('and the documents name no version of what runs', async () => {
    const { body } = await nobody().get('/docs-json');
    expect(body.info.version).toBe('1');
    expect((await nobody().get('/docs')).text).not.toMatch(/version/i);
  });

  it('are on the answers while Redis is away, and of a program that is about to end', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (path: string): Promise<IncomingMessage> => {
      const [response] = (await once(request(`${app.url}${path}`, { agent }).end(), 'response')) as [
        IncomingMessage,
      ];
      response.resume();
      await once(response, 'end');
      return response;
    };
    const client = await admin();
    // A connection that is there when the listening ends.
    await ask('/health/live');
    await app.redis.kill();
    expectAnswer('Redis is away', 503, await client.get('/auth/session'));
    expectHeaders('not ready', (await client.get('/health/ready')).headers);
    const drained = app.app.get(HttpDrain).drain({ idleGraceMs: 2_000, deadlineMs: 5_000 });
    const draining = await ask('/health/ready');
    expect([draining.statusCode, draining.headers.connection]).toEqual([503, 'close']);
    expectHeaders('draining', draining.headers);
    await drained;
  });
});
