import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore, type RedisSessionStoreOptions } from '../src/session/index.js';
import { addressOf } from '../src/session/token/session-id.js';
import { type CommandRecorder, recordCommands } from './support/command-recorder.js';
import { type ExpressHost, startExpressHost } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { TOPOLOGY } from './support/topology.js';
import { keysBesideRing } from './support/stored-sessions.js';

const INDEX_KEY = 'index-key-of-the-store-command-specification';
const MINUTE = 60_000;
// On a cluster, until every server has had every script.
const WARM_ROUNDS = TOPOLOGY === 'cluster' ? 50 : 1;

describe('the Redis commands of a store by itself', () => {
  let redis: TestRedis;
  let client: Redis;
  let recorder: CommandRecorder;
  let host: ExpressHost | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
    recorder = await recordCommands(redis);
    // The first use of a script on a connection loads it, and the first read asks for Redis's time.
    for (let i = 0; i < WARM_ROUNDS; i += 1) {
      for (const userId of [undefined, `warm-${i}`]) await everyOperation(await warm({}), userId);
      await everyOperation(await warm({ untaggedIds: 'index' }), undefined);
    }
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushdb());
  afterEach(() => host?.close());

  const storeWith = (options: Partial<RedisSessionStoreOptions>) =>
    new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (session) => (session as { userId?: string }).userId,
      touchIntervalMs: MINUTE,
      ...options,
    });
  const warm = async (options: Partial<RedisSessionStoreOptions>) => {
    const store = storeWith(options);
    await store.get('warm');
    return store;
  };
  const session = (data: object = {}) =>
    ({ cookie: { originalMaxAge: null }, ...data }) as SessionData & Record<string, unknown>;
  const rewind = (token: string) => {
    const { tag, digest } = addressOf(token);
    return client.setrange(`lk:sess:{${tag}}:${digest}`, 1, String(Date.now() - 5 * MINUTE));
  };
  const everyOperation = async (store: RedisSessionStore, userId: string | undefined) => {
    const token = store.createSessionId(userId);
    await store.set(token, session({ userId }));
    const loaded = await store.get(token);
    loaded.changed = true;
    await store.set(token, loaded);
    await rewind(token);
    await store.touch(token, await store.get(token));
    await store.destroy(token);
  };

  it.each([
    ['an anonymous', undefined, 'get'],
    ['a user’s', 'ada', 'mget'],
  ])('are one per operation on %s session, and none where nothing is due', async (_kind, userId, read) => {
    const store = await warm({});
    const token = store.createSessionId(userId);
    expect(await recorder.during(() => store.set(token, session({ userId })))).toEqual(['evalsha']);
    let loaded: SessionData & Record<string, unknown> = session();
    expect(await recorder.during(async () => (loaded = await store.get(token)))).toEqual([read]);
    expect(await recorder.during(() => store.set(token, loaded))).toEqual([]);
    expect(await recorder.during(() => store.touch(token, loaded))).toEqual([]);
    loaded['changed'] = true;
    expect(await recorder.during(() => store.set(token, loaded))).toEqual(['evalsha']);
    expect(await recorder.during(() => store.set(token, loaded))).toEqual([]);
    await rewind(token);
    expect(await recorder.during(async () => (loaded = await store.get(token)))).toEqual([read]);
    expect(await recorder.during(() => store.touch(token, loaded))).toEqual(['evalsha']);
    expect(await recorder.during(() => store.touch(token, loaded))).toEqual([]);
    expect(await recorder.during(() => store.destroy(token))).toEqual(['evalsha']);
  });

  it('are one per request of a loaded session that only reads, and one touch more when that is due', async () => {
    const store = await warm({});
    const app = (host = await startExpressHost(store, (req, res) => {
      if (req.path === '/change') (req.session as unknown as { n: number }).n = Math.random();
      res.end(req.sessionID);
    }));
    expect(await recorder.during(() => app.get('/'))).toEqual([]);
    let cookie = '';
    expect(await recorder.during(async () => ({ cookie } = await app.get('/change')))).toEqual(['evalsha']);
    expect(await recorder.during(() => app.get('/', { cookie }))).toEqual(['get']);
    expect(await recorder.during(() => app.get('/change', { cookie }))).toEqual(['get', 'evalsha']);
    await rewind((await app.get('/', { cookie })).text);
    expect(await recorder.during(() => app.get('/', { cookie }))).toEqual(['get', 'evalsha']);
    expect(await recorder.during(() => app.get('/', { cookie }))).toEqual(['get']);
  });

  it('are one more to read, to create and three more to end a user’s session of an untagged id', async () => {
    const store = await warm({ untaggedIds: 'index' });
    expect(await recorder.during(() => store.load('anonymous'))).toEqual(['mget']);
    const app = (host = await startExpressHost(
      store,
      (req, res) => {
        if (req.path === '/login') (req.session as unknown as { userId: string }).userId = 'ada';
        if (req.path === '/change') (req.session as unknown as { n: number }).n = 1;
        if (req.path === '/logout') req.session.destroy(() => res.end());
        else res.end();
      },
      { genid: () => `host-made-${Math.random()}` },
    ));
    let cookie = '';
    expect(await recorder.during(async () => ({ cookie } = await app.get('/login')))).toEqual([
      'evalsha',
      'set',
    ]);
    expect(await recorder.during(() => app.get('/', { cookie }))).toEqual(['mget', 'mget']);
    expect(await recorder.during(() => app.get('/change', { cookie }))).toEqual(['mget', 'mget', 'evalsha']);
    expect(await recorder.during(() => app.get('/logout', { cookie }))).toEqual([
      'mget',
      'mget',
      'get',
      'evalsha',
      'unlink',
      'evalsha',
    ]);
    expect(await keysBesideRing(client)).toEqual([]);
  });
});
