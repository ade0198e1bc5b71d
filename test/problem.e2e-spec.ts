import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, readAnswer, type Answer } from './support/clients.js';

describe('errors over HTTP', () => {
  let app: TestApp;
  let client: CookieClient;
  beforeAll(async () => {
    app = await startApp({ env: { LOG_LEVEL: 'trace' } });
    client = new CookieClient(app.url);
  });
  afterAll(() => app.close());

  const expectProblem = ({ status, headers, body }: Answer, expectedStatus: number, code: string): void => {
    expect({ status, code: body.code }).toEqual({ status: expectedStatus, code });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({
      type: `urn:latchkey:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title: expect.any(String),
      status: expectedStatus,
      detail: expect.any(String),
      requestId: headers.get('x-request-id'),
    });
  };
  const raw = async (path: string, init: RequestInit): Promise<Answer> =>
    readAnswer(await fetch(`${app.url}${path}`, init));
  const login = (body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> =>
    raw('/auth/login', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

  it('answers 404 where there is no route', async () => {
    expectProblem(await client.get('/auth/nothing'), 404, 'NOT_FOUND');
    expectProblem(await client.post('/nothing', {}), 404, 'NOT_FOUND');
  });

  it('answers 405 with the methods that an address knows', async () => {
    const answer = await client.delete('/auth/session');
    expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect((await client.request('OPTIONS', '/auth/sessions')).headers.get('allow')).toBe(
      'DELETE, GET, HEAD',
    );
    expectProblem(await client.put('/auth/sessions/x', {}), 405, 'METHOD_NOT_ALLOWED');
  });

  it('answers HEAD like GET, without a body', async () => {
    const answer = await client.request('HEAD', '/auth/session');
    expect([answer.status, answer.text]).toEqual([401, '']);
  });

  it.each(['{"email":', '{"a":1}}', 'null', '"a string"', '\u0000'])(
    'answers 400 to a body that is not JSON: %j',
    async (body) => {
      expectProblem(await login(body), 400, 'MALFORMED_JSON');
    },
  );

  it('answers 400 with every place that is wrong, and no value', async () => {
    const answer = await login(
      JSON.stringify({ email: 'not-an-email', password: 'hunter2hunter2', admin: true, transport: 'pigeon' }),
    );
    expectProblem(answer, 400, 'VALIDATION_FAILED');
    const paths = (answer.body.errors as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['transport', 'admin']));
    expect(answer.text).not.toMatch(/hunter2|not-an-email|pigeon/);
  });

  it('answers 400 to a missing body where one is needed', async () => {
    expectProblem(await raw('/auth/login', { method: 'POST' }), 400, 'VALIDATION_FAILED');
  });

  it('ignores what would change the prototype of the body', async () => {
    const answer = await login('{"email":"a@example.com","password":"x","__proto__":{"transport":"bearer"}}');
    expect(['VALIDATION_FAILED', 'INVALID_CREDENTIALS']).toContain(answer.body.code);
    expect(({} as Record<string, unknown>)['transport']).toBeUndefined();
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain'],
    ['JSON in name only', 'text/json'],
    ['a merge patch', 'application/merge-patch+json'],
  ])('answers 415 to %s', async (_, contentType) => {
    expectProblem(await login('{}', { 'content-type': contentType }), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('answers 415 to a body without a type, to a foreign charset and to a compressed body', async () => {
    expectProblem(
      await raw('/auth/login', { method: 'POST', body: new Uint8Array([123, 125]) }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expectProblem(
      await login('{}', { 'content-type': 'application/json; charset=latin1' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expectProblem(await login('{}', { 'content-encoding': 'gzip' }), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('takes 16 kB and not a byte more', async () => {
    const ofLength = (length: number): string =>
      JSON.stringify({ email: 'a'.repeat(length - JSON.stringify({ email: '' }).length) });
    expectProblem(await login(ofLength(16_384)), 400, 'VALIDATION_FAILED');
    expectProblem(await login(ofLength(16_385)), 413, 'BODY_TOO_LARGE');
  });

  // Bodies of another type are refused before anything reads them.
  it.each(['application/json', 'text/plain'])('cuts off a sender of %s without end', async (type) => {
    let sent = 0;
    const chunk = Buffer.alloc(65_536, ' ');
    const outcome = await new Promise<string>((resolve) => {
      const req = request(`${app.url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': type },
      });
      const send = (): void => {
        if (req.destroyed || sent > 64 * 1_048_576) return;
        sent += chunk.length;
        req.write(chunk, send);
      };
      req.on('response', (res) => res.resume());
      req.on('error', () => resolve('cut'));
      req.on('close', () => resolve('cut'));
      send();
    });
    expect(outcome).toBe('cut');
    // What the kernel holds for a connection comes on top of what the program reads.
    expect(sent).toBeLessThan(16 * 1_048_576);
  });

  it('refuses a body before it asks Redis for the session', async () => {
    await client.post('/auth/register', { email: 'nora@example.com', password: PASSWORD });
    const admin = app.redis.client();
    await admin.config('RESETSTAT');
    const cookie = `sid=${await client.cookie()}`;
    await login('{', { cookie, origin: app.url });
    await login('x'.repeat(20_000), { cookie, origin: app.url });
    await login('{}', { cookie, origin: app.url, 'content-type': 'text/plain' });
    await login('{}', { cookie, origin: 'https://evil.example' });
    expect(await admin.info('commandstats')).not.toMatch(/cmdstat_(get|mget|evalsha)/);
  });

  it('answers 400 to a path that cannot be decoded', async () => {
    await client.post('/auth/login', { email: 'nora@example.com', password: PASSWORD });
    expectProblem(await client.delete('/auth/sessions/%E0%A4%A'), 400, 'BAD_REQUEST');
  });

  it('answers what is not HTTP like anything else', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.end('NOT HTTP AT ALL\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      code: 'BAD_REQUEST',
      requestId: expect.any(String),
    });
  });

  it('answers 401 with a challenge, which names the token only when one was sent', async () => {
    const none = await new CookieClient(app.url).get('/auth/session');
    expectProblem(none, 401, 'UNAUTHENTICATED');
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    const wrong = await new BearerClient(app.url, 'lk_wrong').get('/auth/session');
    expectProblem(wrong, 401, 'UNAUTHENTICATED');
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('answers with the request id it was given when that is harmless, and with one of its own otherwise', async () => {
    const idFor = async (sent: string): Promise<string | null> =>
      (await client.get('/auth/nothing', { headers: { 'x-request-id': sent } })).headers.get('x-request-id');
    expect(await idFor('edge-01.A_b')).toBe('edge-01.A_b');
    for (const harmful of ['short', 'a'.repeat(65), 'with blank', 'quote"quote']) {
      expect(await idFor(harmful)).toMatch(/^[0-9a-f]{8}-/);
    }
  });

  it('logs one line per request, with the id of the answer and nothing that is secret', async () => {
    app.log.length = 0;
    const secrets = {
      password: 'a-password-in-a-body',
      token: 'lk_a-token',
      query: 'a-query-value',
      cookie: 'a-cookie',
    };
    const headers = { cookie: `other=${secrets.cookie}`, authorization: `Bearer ${secrets.token}` };
    const answer = await client.post(
      `/auth/login?x=${secrets.query}`,
      { email: 'x@example.com', password: secrets.password },
      { headers },
    );
    await client.get(`/${secrets.query}`);
    const lines = app.log.filter(({ msg }) => msg === 'request');
    expect(lines).toEqual([
      expect.objectContaining({
        method: 'POST',
        route: '/auth/login',
        status: answer.status,
        requestId: answer.body.requestId,
      }),
      expect.objectContaining({ method: 'GET', route: 'unmatched', status: 404 }),
    ]);
    expect(Object.keys(lines[0] ?? {}).sort()).toEqual([
      'level',
      'method',
      'ms',
      'msg',
      'requestId',
      'route',
      'status',
      'time',
    ]);
    for (const secret of Object.values(secrets)) expect(JSON.stringify(app.log)).not.toContain(secret);
  });

  it('sends the headers that keep a browser from using an answer for anything else', async () => {
    const { headers } = await client.get('/auth/session');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    for (const name of ['x-powered-by', 'etag', 'strict-transport-security', 'access-control-allow-origin']) {
      expect(headers.get(name)).toBeNull();
    }
  });
});

describe('errors of a production', () => {
  it('asks browsers for https for a year, and serves neither docs nor metrics', async () => {
    const app = await startApp({
      env: {
        NODE_ENV: 'production',
        DATABASE_URL: 'sqlite::memory:',
        PUBLIC_URL: 'https://app.example.com',
        ARGON2_MEMORY_KIB: '19456',
      },
    });
    const client = new BearerClient(app.url);
    const { headers } = await client.get('/health/live');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    for (const path of ['/docs', '/docs-json', '/metrics']) expect((await client.get(path)).status).toBe(404);
    await app.close();
  });
});
