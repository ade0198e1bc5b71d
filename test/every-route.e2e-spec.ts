import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { newSessionToken } from '../src/session/token/session-id.js';
import { deleteEach } from './support/delete-keys.js';
import { type AdminApp, startAdminApp } from './support/admin-app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { expectProblem } from './support/problems.js';
import { storedSessions } from './support/stored-sessions.js';

/** All that answers without a session. Whatever else there is, and will be, must not. */
const PUBLIC = new Set([
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/register',
  'POST /auth/register/confirm',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
]);

interface Operation {
  method: string;
  path: string;
}

describe('every route of the program', () => {
  let app: AdminApp;
  let redis: Redis;
  let operations: Operation[];
  let closed: Operation[];
  beforeAll(async () => {
    app = await startAdminApp({ redisMayBreak: true });
    redis = app.redis.client();
    const { body } = await new BearerClient(app.url).get('/docs-json');
    operations = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{\w+\}/g, 'x'),
      })),
    );
    closed = operations.filter(({ method, path }) => !PUBLIC.has(`${method} ${path}`));
  });
  afterAll(() => app.close());

  const ask = (headers: Record<string, string>, { method, path }: Operation) =>
    new BearerClient(app.url).request(method, path, {
      headers: { origin: app.url, ...headers },
      ...(['POST', 'PUT', 'PATCH'].includes(method) && { body: {} }),
    });
  const cookieOf = async (client: CookieClient): Promise<string> => `sid=${(await client.cookie()) ?? ''}`;

  it('is closed but for the public ones, of which there are as many as this test knows', () => {
    expect(operations.length - closed.length).toBe(PUBLIC.size);
    expect(closed.length).toBeGreaterThan(15);
  });

  it('answers 401 without a credential, and with one that nobody was given', async () => {
    const signed = await cookieOf(app.admin);
    const { clients } = await app.person('ended@example.com', { sessions: 2 });
    const [browser, mobile] = clients as [CookieClient, BearerClient];
    const ended: Record<string, string>[] = [
      { cookie: await cookieOf(browser) },
      { authorization: `Bearer ${mobile.token}` },
    ];
    await browser.delete('/auth/sessions?scope=all');
    const credentials: Record<string, string>[] = [
      {},
      { authorization: `Bearer lk_${newSessionToken()}.x` },
      { authorization: `Bearer ${app.env.sessionSecrets[0]}` },
      { authorization: 'Basic cm9vdDpyb290' },
      { 'x-api-key': app.env.sessionSecrets[0] ?? '' },
      { cookie: `sid=${newSessionToken()}` },
      { cookie: `${signed.slice(0, -1)}${signed.endsWith('A') ? 'B' : 'A'}` },
      { cookie: signed.replace('%3A', '%3Ax') },
      ...ended,
    ];
    for (const operation of closed) {
      for (const headers of credentials) expectProblem(await ask(headers, operation), 'UNAUTHENTICATED');
    }
  });

  it('knows no session whose record is gone, on any route', async () => {
    const { clients } = await app.person('gone@example.com');
    const cookie = await cookieOf(clients[0] as CookieClient);
    const before = await storedSessions(redis);
    const theirs = before.filter(({ body }) => JSON.stringify(body).includes('gone@example.com'));
    await deleteEach(
      redis,
      theirs.map(({ key }) => key),
    );
    for (const operation of closed) expectProblem(await ask({ cookie }, operation), 'UNAUTHENTICATED');
  });

  it('makes no session and sets no cookie by a GET or HEAD', async () => {
    const before = (await storedSessions(redis)).length;
    for (const { path } of operations.filter(({ method }) => method === 'GET')) {
      for (const method of ['GET', 'HEAD']) {
        for (const headers of [{}, { cookie: 'sid=s%3Astale.x' }] as Record<string, string>[]) {
          expect((await ask(headers, { method, path })).headers.getSetCookie()).toEqual([]);
        }
      }
    }
    expect((await storedSessions(redis)).length).toBe(before);
  });

  it('is of this program alone: none logs in through, or for, another one', () => {
    for (const { path } of operations)
      expect(path).not.toMatch(/oauth|oidc|openid|saml|callback|authorize|token$|\.well-known/i);
  });

  it('gives every session an end in Redis, and every login a token of its own', async () => {
    const { clients } = await app.person('twice@example.com', { sessions: 3 });
    const tokens = clients.slice(1).map((client) => (client as BearerClient).token);
    expect(new Set(tokens).size).toBe(2);
    for (const { ttlMs } of await storedSessions(redis)) expect(ttlMs).toBeGreaterThan(0);
  });

  it('answers 503, and never 200, while Redis is away', async () => {
    const cookie = await cookieOf(app.admin);
    await app.redis.kill();
    for (const operation of closed) {
      const { status, headers } = await ask({ cookie }, operation);
      expect([operation, status, headers.getSetCookie()]).toEqual([operation, 503, []]);
    }
    await app.redis.restart();
  });
});

describe('session tokens', () => {
  it('are 192 bits of which none is ever the same twice or depends on the time', () => {
    const tokens = Array.from({ length: 10_000 }, () => newSessionToken());
    expect(new Set(tokens).size).toBe(tokens.length);
    const bytes = tokens.map((token) => Buffer.from(token, 'base64url'));
    const ones = new Array<number>(192).fill(0);
    for (const token of bytes) {
      expect(token).toHaveLength(24);
      for (let bit = 0; bit < 192; bit += 1)
        ones[bit] = (ones[bit] ?? 0) + (((token[bit >> 3] ?? 0) >> (bit & 7)) & 1);
    }
    // Half of them, give or take eight standard deviations: a bit that is fixed, or a counter's, is far from it.
    for (const count of ones) expect(Math.abs(count - 5_000)).toBeLessThan(400);
    expect([...tokens].sort()).not.toEqual(tokens);
  });
});
