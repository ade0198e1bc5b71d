import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const ADA = { email: 'ada@example.com', password: PASSWORD };

describe('a request that asks Redis several times', () => {
  let redis: TestRedis;
  let proxy: TcpProxy;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
    proxy = await startTcpProxy({ path: redis.socket });
    app = await startApp({ redis, env: { REDIS_URL: proxy.url } });
    await app.createUser({ email: ADA.email });
  });
  afterAll(async () => {
    await app.close();
    await proxy.close();
    await redis.stop();
  });

  /** Answers in time that the store is away, and makes nothing. */
  const isRefused = async (asked: () => Promise<Answer>): Promise<void> => {
    const admin = redis.client();
    const before = await admin.keys('lk:sess:*');
    // Each answer alone comes in time; all of them together would take more than a second.
    proxy.delay({ down: 350 });
    const startMs = performance.now();
    const answer = await asked();
    const tookMs = performance.now() - startMs;
    proxy.heal();
    expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
    expect([answer.headers.get('retry-after'), answer.headers.getSetCookie()]).toEqual(['1', []]);
    expect(tookMs).toBeLessThan(1_500);
    expect(await admin.keys('lk:sess:*')).toEqual(before);
  };

  it('is refused as a whole, a login by a browser', async () => {
    await isRefused(() => new CookieClient(app.url).post('/auth/login', ADA));
  });

  it('is refused as a whole, a re-authentication', async () => {
    const phone = new BearerClient(app.url);
    expect((await phone.login(ADA)).status).toBe(200);
    await isRefused(() => phone.post('/auth/reauthenticate', { password: PASSWORD }));
    // Nothing has become of it: the session is the one it was.
    expect((await phone.get('/auth/session')).status).toBe(200);
  });

  it('is waited for when it is slow, but not too slow', async () => {
    proxy.delay({ down: 30 });
    expect((await new CookieClient(app.url).post('/auth/login', ADA)).status).toBe(200);
    proxy.heal();
  });
});
