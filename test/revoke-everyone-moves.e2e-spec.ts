import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { createSessionId, RedisSessionStore, SessionEndedError } from '../src/session/index.js';
import { withScripts } from '../src/session/store/scripts.js';
import { SessionKeys } from '../src/session/store/session-keys.js';
import { addressOf } from '../src/session/token/session-id.js';
import { startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf, INDEX_KEY, type SessionHost, startSessionHost } from './support/session-host.js';

const keys = new SessionKeys('lk:');

/** What a node does that ends everybody's sessions, step by step and without walking over the records. */
function operation(client: Redis, id: string) {
  const scripts = withScripts(client);
  const [op, current, latest] = [keys.operation(id), keys.currentOperation(), keys.latestOperation()];
  return {
    begin: (keep = '') =>
      scripts.lkBeginRevokeEveryone(
        ...[keys.epoch(), op, current, latest],
        ...[id, keep, 60_000, keys.operations(), 60_000],
      ),
    finish: async () => {
      const epoch = (await client.get(keys.epoch())) as string;
      await scripts.lkNoteRevokeEveryone(op, current, latest, 'the-runner', 60_000, 0, '', epoch);
    },
    kept: () => client.hget(op, 'keep'),
  };
}

const recordOf = (cookie: string) => {
  const { tag, digest } = addressOf(tokenIn(cookie));
  return keys.session(tag, digest);
};

// A walk over all records may have passed the new key before it was there, and the old one after it was gone.
describe('a session that moves to a new id while everybody’s sessions are being ended', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SessionHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startSessionHost(client);
  });
  afterEach(() => host.close());

  // The primaries of a cluster may be a second apart: what begins so soon is taken for older.
  const clocksAgree = () => delay(client.isCluster ? 1_100 : 0);

  it('ends by it', async () => {
    const cookie = await host.login();
    await operation(client, 'one').begin();
    const answer = await host.call('POST', '/rotate', { cookie });
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'SESSION_ENDED']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('goes on, under whatever id, when it is the one that is kept', async () => {
    const first = await host.login();
    const one = operation(client, 'one');
    await one.begin(recordOf(first));
    const second = cookieOf(await host.call('POST', '/rotate', { cookie: first }));
    expect(await one.kept()).toBe(recordOf(second));
    const third = cookieOf(await host.call('POST', '/rotate', { cookie: second }));
    expect(await one.kept()).toBe(recordOf(third));
    await one.finish();
    const fourth = cookieOf(await host.call('POST', '/rotate', { cookie: third }));
    expect((await host.me({ cookie: fourth })).user).toBe('ada');
  });

  it('goes on when it began afterwards', async () => {
    const one = operation(client, 'one');
    await one.begin();
    await clocksAgree();
    const cookie = await host.login();
    const second = cookieOf(await host.call('POST', '/rotate', { cookie }));
    await one.finish();
    const third = cookieOf(await host.call('POST', '/rotate', { cookie: second }));
    expect((await host.me({ cookie: third })).user).toBe('ada');
  });

  describe('by a regenerate of plain express-session', () => {
    const login = async (between: () => Promise<unknown>, cookie = '') => {
      const store = new RedisSessionStore({
        client,
        indexKeys: [INDEX_KEY],
        userId: (session) => (session as SessionData & { userId?: string }).userId,
      });
      const app = await startExpressHost(
        store,
        async (req, res) => {
          await new Promise<void>((resolve, reject) => {
            req.session.regenerate((error?: Error) => (error ? reject(error) : resolve()));
          });
          await between();
          Object.assign(req.session, { userId: 'ada' });
          res.end('in');
        },
        { genid: () => createSessionId('ada', { indexKeys: [INDEX_KEY] }) },
      );
      try {
        const answer = await app.get('/', { cookie });
        return { ...answer, errors: app.errors };
      } finally {
        await app.close();
      }
    };
    const pass = () => Promise.resolve();

    it.each(['under way', 'over'])('makes nothing of one that it came between and is %s', async (state) => {
      const one = operation(client, 'one');
      const between = () => one.begin().then(() => (state === 'over' ? one.finish() : undefined));
      const { cookie } = await login(pass);
      const answers = [await login(between), await login(between, cookie)];
      expect(answers.flatMap(({ errors }) => errors)).toEqual([
        expect.any(SessionEndedError),
        expect.any(SessionEndedError),
      ]);
      // The first session is gone because its regenerate ended it.
      expect(await client.keys('lk:sess:*')).toEqual([]);
    });

    it('lets one through that it did not concern', async () => {
      await operation(client, 'one').begin();
      await operation(client, 'one').finish();
      await clocksAgree();
      const { cookie } = await login(pass);
      const { errors } = await login(pass, cookie);
      expect(errors).toEqual([]);
      expect(await client.keys('lk:sess:*')).toHaveLength(1);
    });
  });
});
