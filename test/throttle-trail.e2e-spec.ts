import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { StoredEvent } from '../src/admin/index.js';
import { AuditTrail } from '../src/audit/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../src/auth/index.js';
import { ThrottleTrail } from '../src/auth/throttle/throttle-trail.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { deleteKeys } from './support/delete-keys.js';

const QUARTER_HOUR = 900_000;
// Every test has a quarter of an hour of its own, so that none sees another's rows.
const START = Date.UTC(2040, 0, 1);

describe('refused attempts in the trail', () => {
  let app: TestApp;
  let redis: Redis;
  let trail: AuditTrail;
  let throttled: ThrottleTrail;
  let userId: string;
  let nowMs = START;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    trail = app.app.get(AuditTrail, { strict: false });
    throttled = app.app.get(ThrottleTrail, { strict: false });
    ({ id: userId } = await app.createUser({ email: 'ada@example.com' }));
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await redis.flushall();
    nowMs += 2 * QUARTER_HOUR;
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    // What tests before have left behind is over by now.
    await throttled.write();
  });
  afterEach(() => void jest.restoreAllMocks());

  const login = async (email: string, userAgent = 'first') =>
    (
      await new BearerClient(app.url).post(
        '/auth/login',
        { email, password: 'wrong' },
        { headers: { 'user-agent': userAgent } },
      )
    ).status;
  /** Tries until it is refused. */
  const lock = async (email: string) => {
    for (let i = 0; i < 5; i += 1) expect(await login(email)).toBe(401);
  };
  const rows = async (): Promise<StoredEvent[]> => {
    const { items } = await trail.list({ type: 'login.throttled', limit: 100 });
    return items.filter(({ at }) => Date.parse(at) >= nowMs - QUARTER_HOUR);
  };

  it('are one row per account and quarter of an hour, written at the first, counted up to the last', async () => {
    await lock('ada@example.com');
    expect(await login('ada@example.com')).toBe(429);
    expect(await rows()).toEqual([
      expect.objectContaining({ userAgent: 'first', detail: { act: 'login', limit: 'account', count: 1 } }),
    ]);
    for (let i = 0; i < 6; i += 1) expect(await login('ada@example.com', 'later')).toBe(429);
    await throttled.write();
    expect(await login('ada@example.com', 'later')).toBe(429);
    await throttled.write();
    await throttled.write();
    expect(await rows()).toEqual([
      expect.objectContaining({ userAgent: 'first', detail: { act: 'login', limit: 'account', count: 8 } }),
    ]);
    nowMs += QUARTER_HOUR;
    expect(await login('ada@example.com')).toBe(429);
    expect((await rows()).map(({ detail }) => detail?.count)).toEqual([1, 8]);
  });

  it('cost the database one statement, and another one when they are brought up to date', async () => {
    await lock('ada@example.com');
    const written = jest.spyOn(trail, 'record');
    for (let i = 0; i < 20; i += 1) expect(await login('ada@example.com')).toBe(429);
    expect(written).toHaveBeenCalledTimes(1);
    await throttled.write();
    expect(written).toHaveBeenCalledTimes(2);
  });

  it('learn afterwards whose account it was, and nothing of one that nobody has', async () => {
    await lock('ada@example.com');
    await lock('nobody@example.com');
    await login('ada@example.com');
    await login('nobody@example.com');
    expect((await rows()).map((row) => row.userId)).toEqual([null, null]);
    await throttled.write();
    expect((await rows()).map((row) => row.userId)).toEqual([null, userId]);
    expect(JSON.stringify(await rows())).not.toContain('nobody@');
  });

  it('know the user at once who is logged in', async () => {
    const client = new BearerClient(app.url);
    await client.login({ email: 'ada@example.com', password: PASSWORD });
    await lock('ada@example.com');
    const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
    expect(answer.status).toBe(429);
    expect(await rows()).toEqual([
      expect.objectContaining({
        userId,
        actorId: userId,
        detail: { act: 'reauthenticate', limit: 'account', count: 1 },
      }),
    ]);
  });

  it('are a bounded number of rows, however many keys an attack has', async () => {
    const { throttle } = app.app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
    for (let i = 0; i < 120; i += 1) {
      const attempt = { act: 'login', account: `person${i}@example.com`, ip: `10.0.${i}.1` } as const;
      for (let failure = 0; failure < 5; failure += 1) await (await throttle.begin(attempt)).failed();
      expect(await login(attempt.account)).toBe(429);
    }
    await throttled.write();
    const found = (await trail.list({ type: 'login.throttled', limit: 100 })).items;
    const others = found.filter(({ detail }) => detail?.various === true);
    expect(others).toEqual([
      expect.objectContaining({ userId: null, detail: { limit: 'account', various: true, count: 20 } }),
    ]);
    expect(others[0]).not.toHaveProperty('ip', expect.any(String));
    const events = await trail.countSince(['login.throttled'], nowMs);
    expect(events['login.throttled']).toBe(101);
  });

  it('are all there when the program ends', async () => {
    await lock('ada@example.com');
    for (let i = 0; i < 3; i += 1) await login('ada@example.com');
    await throttled.beforeApplicationShutdown();
    expect((await rows()).map(({ detail }) => detail?.count)).toEqual([3]);
    throttled.onApplicationBootstrap();
  });

  it('cost no answer when the database does not know whose account it was', async () => {
    const { userStore } = app.app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
    await lock('ada@example.com');
    await login('ada@example.com');
    await login('ada@example.com');
    jest.spyOn(userStore, 'findByEmail').mockRejectedValueOnce(new Error('away'));
    await throttled.write();
    expect(await rows()).toEqual([expect.objectContaining({ userId: null })]);
    await throttled.write();
    expect(await rows()).toEqual([
      expect.objectContaining({ userId, detail: { act: 'login', limit: 'account', count: 2 } }),
    ]);
    await deleteKeys(redis, 'lk:throttle:*');
  });
});
