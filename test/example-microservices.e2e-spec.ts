import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';

import { privateRedisSocket } from '../src/config/private-redis.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';
import { EXAMPLE_TIMEOUT_MS, type RunningExample, startExample } from './support/example.js';

const PASSWORD = 'correct horse battery staple';
const UNAUTHENTICATED = { title: 'Unauthorized', status: 401, code: 'UNAUTHENTICATED' };

describe('the example microservices, behind a real nginx', () => {
  let gateway: RunningExample;
  let registered = 0;

  beforeAll(async () => {
    gateway = await startExample('microservices');
    await gateway.line(/^The gateway is at /);
    // nginx begins to listen a moment after it was started.
    const isUp = () => fetch(gateway.url).then(Boolean, () => false);
    while (!(await isUp())) await delay(20);
  }, EXAMPLE_TIMEOUT_MS);

  afterAll(async () => {
    expect(await gateway.stop()).toEqual({ code: 0, left: [] });
  });

  const customer = async () => {
    const browser = new CookieClient(gateway.url);
    registered += 1;
    const account = { email: `customer-${registered}@example.com`, password: PASSWORD };
    const { status, body } = await browser.post('/auth/register', account);
    expect(status).toBe(201);
    return { browser, account, userId: body.user.id as string };
  };
  const statuses = async (client: CookieClient | BearerClient) => {
    const paths = ['/auth/session', '/orders', '/invoices'];
    const answers = await Promise.all(paths.map((path) => client.get(path)));
    return answers.map(({ status }) => status);
  };

  it('lets in by one login everywhere: a service that asks the store, and one that believes the gateway', async () => {
    const { browser, account, userId } = await customer();
    expect((await browser.get('/orders')).body).toMatchObject({ checkedBy: 'orders', email: account.email });
    expect((await browser.get('/invoices')).body).toMatchObject({ checkedBy: 'gateway', userId });
    const app = new BearerClient(gateway.url);
    await app.login(account);
    expect(await statuses(app)).toEqual([200, 200, 200]);
  });

  it('lets nobody in without a session, and says how to come in', async () => {
    const visitor = new CookieClient(gateway.url);
    expect(await statuses(visitor)).toEqual([401, 401, 401]);
    const { body, headers } = await visitor.get('/invoices');
    expect(body).toEqual(UNAUTHENTICATED);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('strips what a client says about itself, logged in or not', async () => {
    const headers = { 'x-auth-user-id': 'somebody', 'x-auth-roles': 'admin', 'x-auth-session-id': 'x' };
    const { browser, userId } = await customer();
    expect((await browser.get('/invoices', { headers })).body).toMatchObject({ userId, roles: [] });
    expect((await new CookieClient(gateway.url).get('/invoices', { headers })).status).toBe(401);
  });

  it("forwards the method, so that a foreign page's POST is refused where its GET is harmless", async () => {
    const { browser } = await customer();
    const by = (method: string, origin: string): Promise<Answer> =>
      browser.request(method, '/invoices', { headers: { origin } });
    expect((await by('GET', 'https://evil.example')).status).toBe(200);
    // The gateway's own answer: the service has one of more words, but is not asked.
    const refused = await by('POST', 'https://evil.example');
    expect(refused.body).toEqual({ title: 'Forbidden', status: 403, code: 'CROSS_SITE_REQUEST' });
    expect((await by('POST', gateway.url)).status).toBe(201);
  });

  it('ends a session everywhere at once, whichever service it is revoked in', async () => {
    const { browser: first, account } = await customer();
    const second = new BearerClient(gateway.url);
    await second.login(account);
    expect((await first.post('/auth/logout')).status).toBe(204);
    expect(await statuses(first)).toEqual([401, 401, 401]);
    expect(await statuses(second)).toEqual([200, 200, 200]);
    expect((await second.delete('/orders/customer')).body).toEqual({ revoked: 1 });
    expect(await statuses(second)).toEqual([401, 401, 401]);
  });

  it('answers 503 while Redis is away, takes nobody for logged out, and goes on afterwards', async () => {
    const { browser } = await customer();
    const redis = new Redis(privateRedisSocket(gateway.dataDir));
    const [, pid] = /process_id:(\d+)/.exec(await redis.info('server')) ?? [];
    redis.disconnect();
    process.kill(Number(pid), 'SIGSTOP');
    try {
      expect(await statuses(browser)).toEqual([503, 503, 503]);
      const { headers, body } = await browser.get('/invoices');
      expect(body.code).toBe('SESSION_STORE_UNAVAILABLE');
      expect(headers.get('retry-after')).toBe('1');
      expect(headers.getSetCookie()).toEqual([]);
    } finally {
      process.kill(Number(pid), 'SIGCONT');
    }
    while ((await statuses(browser)).includes(503)) await delay(50);
    expect(await statuses(browser)).toEqual([200, 200, 200]);
  });
});
