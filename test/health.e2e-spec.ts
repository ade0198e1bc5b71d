import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient, type Answer } from './support/clients.js';

describe('health', () => {
  let app: TestApp;
  let client: CookieClient;
  beforeAll(async () => {
    app = await startApp({ redisMayBreak: true });
    client = new CookieClient(app.url);
    await client.post('/auth/register', { email: 'nora@example.com', password: PASSWORD });
  });
  afterAll(() => app.close());

  /** Asks until the answer is as wanted; the test's own time limit ends it. */
  const until = async (path: string, status: number): Promise<Answer> => {
    for (;;) {
      const answer = await client.get(path);
      if (answer.status === status) return answer;
    }
  };

  it('is live and ready, for everybody, and not to be cached', async () => {
    const anybody = new CookieClient(app.url);
    const live = await anybody.get('/health/live');
    expect([live.status, live.body]).toEqual([200, { status: 'live' }]);
    const ready = await anybody.get('/health/ready');
    expect([ready.status, ready.body]).toEqual([
      200,
      { status: 'ready', checks: { redis: 'up', database: 'up' } },
    ]);
    expect(ready.headers.get('cache-control')).toBe('no-store');
  });

  it('asks for no session: what a credential is worth does not matter', async () => {
    const headers = { cookie: 'sid=s%3Aforged.signature', authorization: 'Bearer lk_forged' };
    expect((await new CookieClient(app.url).get('/health/ready', { headers })).status).toBe(200);
  });

  it.each([
    ['is frozen', () => Promise.resolve(app.redis.freeze()), () => Promise.resolve(app.redis.thaw()), 200],
    // This one keeps nothing on disk.
    ['is killed', () => app.redis.kill(), () => app.redis.restart(), 401],
  ])(
    'names Redis within a second when it %s, stays live, and recovers without a restart',
    async (_, takeAway, giveBack, session) => {
      await takeAway();
      const startMs = performance.now();
      const ready = await client.get('/health/ready');
      expect(performance.now() - startMs).toBeLessThan(1_000);
      expect([ready.status, ready.body]).toEqual([
        503,
        { status: 'unavailable', checks: { redis: 'down', database: 'up' } },
      ]);
      expect((await client.get('/health/live')).status).toBe(200);

      const away = performance.now();
      const refused = await client.get('/auth/session');
      expect(performance.now() - away).toBeLessThan(1_000);
      expect([refused.status, refused.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(refused.headers.getSetCookie()).toEqual([]);

      await giveBack();
      await until('/health/ready', 200);
      await until('/auth/session', session);
    },
  );
});
