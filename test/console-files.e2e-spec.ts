import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { configureHttp, createLogger, serveConsole } from '../src/http/index.js';
import { startApp, type TestApp } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { rawRequest, sendRaw } from './support/raw-http.js';
import { commandsDuring } from './support/redis-commands.js';
import { temporaryDirectory } from './support/temporary-directory.js';

@Module({})
class Empty {}

/** Nothing but the console, of these files. */
async function serve(files: Record<string, string>): Promise<{ url: string; close(): Promise<void> }> {
  const directory = temporaryDirectory('lk-console-');
  mkdirSync(join(directory, 'console', 'assets'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const app = await NestFactory.create<NestExpressApplication>(Empty, { bodyParser: false, logger: false });
  configureHttp(app, {
    logger: createLogger('silent'),
    production: true,
    publicUrl: 'https://app.example.com',
    allowedOrigins: [],
    trustedProxies: [],
    cookieName: 'sid',
    observe: (_req, _res, next) => next(),
  });
  serveConsole(app, join(directory, 'console'));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await app.close();
      await rm(directory, { recursive: true });
    },
  };
}

const PAGE = '<!doctype html><title>console</title>';
const SCRIPT = 'export const answer = 42;';
const FILES = {
  'secret.txt': 'outside',
  'console/index.html': PAGE,
  'console/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'console/.hidden': 'hidden',
  'console/assets/index-B3xk9.js': SCRIPT,
  'console/assets/index-B3xk9.css': 'body { margin: 0 }',
};
const POLICY =
  "default-src 'none';object-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';" +
  "script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self'";

describe('the files of the console', () => {
  let served: Awaited<ReturnType<typeof serve>>;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${served.url}${path}`, { redirect: 'manual', ...init });
  beforeAll(async () => (served = await serve(FILES)));
  afterAll(() => served.close());

  it.each([
    ['/console/', 'text/html; charset=utf-8', 'no-cache'],
    ['/console/icon.svg', 'image/svg+xml', 'no-cache'],
    [
      '/console/assets/index-B3xk9.js',
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ],
    ['/console/assets/index-B3xk9.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ])('%s comes as %s, to be cached as %s', async (path, type, caching) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      type,
      caching,
    ]);
    expect(answer.headers.get('content-security-policy')).toBe(POLICY);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=31536000');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it.each(['/console/login', '/console/users/abc', '/console/trail?type=logout', '/console/users/'])(
    '%s is the page, for its own router to read',
    async (path) => {
      const answer = await ask(path);
      expect([answer.status, await answer.text()]).toEqual([200, PAGE]);
      expect(answer.headers.get('cache-control')).toBe('no-cache');
    },
  );

  it('says that nothing has changed to who has it already', async () => {
    for (const path of ['/console/', '/console/login', '/console/assets/index-B3xk9.js']) {
      const etag = (await ask(path)).headers.get('etag') ?? '';
      expect(etag).not.toBe('');
      const again = await ask(path, { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } });
      expect([path, again.status, await again.text()]).toEqual([path, 304, '']);
    }
  });

  it('answers HEAD with the headers alone', async () => {
    const answer = await ask('/console/assets/index-B3xk9.js', { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([
      200,
      String(SCRIPT.length),
      '',
    ]);
  });

  it('sends who asks for / or /console to the page', async () => {
    for (const path of ['/', '/console', '/console?a=b']) {
      const answer = await ask(path);
      expect([301, 302]).toContain(answer.status);
      expect(answer.headers.get('location')).toMatch(/^\/console\/(?:\?a=b)?$/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each([
    '/console/../secret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/..%2fsecret.txt',
    '/console/assets/..%2f..%2fsecret.txt',
    '/console/..%5csecret.txt',
    '/console/%00.txt',
    '/console/.hidden',
    '/console/nothing.js',
    '/console/assets/index-old.js',
    '/Console/icon.svg',
    '//console/icon.svg',
  ])('answers %s, which is no file of it, with a problem', async (path) => {
    const answer = await sendRaw(served.url, rawRequest('GET', path));
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('outside');
    expect(answer.body).not.toContain('hidden"');
  });

  it('takes no other method', async () => {
    expect((await ask('/console/login', { method: 'POST' })).status).toBeGreaterThanOrEqual(400);
    expect((await ask('/console/icon.svg', { method: 'DELETE' })).status).toBeGreaterThanOrEqual(400);
  });

  it('says so when it was not built', async () => {
    const empty = await serve({});
    const answer = await fetch(`${empty.url}/console/`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'NOT_FOUND', detail: expect.stringContaining('not built') }),
    ]);
    await empty.close();
  });
});

describe('the console of the program', () => {
  let on: TestApp;
  let off: TestApp;
  beforeAll(async () => {
    on = await startApp();
    off = await startApp({ redis: on.redis, env: { CONSOLE: 'off' } });
  });
  afterAll(async () => {
    await off.close();
    await on.close();
  });

  it('asks Redis nothing, not even about a session', async () => {
    const client = new BearerClient(on.url);
    await on.createUser({ email: 'ada@example.com' });
    await client.login({ email: 'ada@example.com', password: 'nine small goats on a roof' });
    const commands = await commandsDuring(on.redis, async () => {
      for (const path of ['/', '/console/', '/console/login', '/console/nothing.js']) await client.get(path);
    });
    expect(commands).toEqual([]);
  });

  it('counts its requests under one address', async () => {
    await new BearerClient(on.url).get('/console/some/page');
    const { text } = await new BearerClient(on.url).get('/metrics');
    expect(text).toContain('route="/console/{*path}"');
    expect(text).not.toContain('some/page');
  });

  it('refuses another method as every route does', async () => {
    const answer = await new BearerClient(on.url).post('/console/login', {});
    expect([answer.status, answer.body.code, answer.headers.get('allow')]).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
      'GET, HEAD',
    ]);
  });

  it('is not there when it is switched off', async () => {
    for (const path of ['/', '/console', '/console/', '/console/index.html']) {
      const answer = await new BearerClient(off.url).get(path);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'NOT_FOUND']);
    }
  });
});
