import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore, type SessionEvent } from '../src/session/index.js';
import { addressOf } from '../src/session/token/session-id.js';
import { barrier, until } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const INDEX_KEY = 'index-key-of-the-quarantine-specification';
const OTHER_KEY = 'another-index-key-of-this-specification';
const DAY_MS = 86_400_000;

describe('a session record that no request can use', () => {
  let redis: TestRedis;
  let client: Redis;
  let events: SessionEvent[];

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.config('SET', 'maxmemory', '0');
    await client.flushall();
    events = [];
    jest.restoreAllMocks();
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });

  const storeWith = (options: Partial<ConstructorParameters<typeof RedisSessionStore>[0]> = {}) =>
    new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (session) => (session as { userId?: string }).userId,
      observer: { onSessionEvent: (event) => events.push(event) },
      ...options,
    });
  const session = (data: object = {}) => ({ cookie: { originalMaxAge: null }, ...data }) as never;
  const names = (token: string) => {
    const { tag, digest } = addressOf(token);
    return {
      digest,
      record: `lk:sess:{${tag}}:${digest}`,
      kept: `lk:quarantine:{${tag}}:${digest}`,
      index: `lk:idx:{${tag}}`,
      quarantine: `lk:quarantine:{${tag}}`,
    };
  };
  const make = async (store: RedisSessionStore, userId?: string) => {
    const token = store.createSessionId(userId);
    await store.set(token, session({ userId }));
    return { token, ...names(token) };
  };
  /** What is in Redis behind the header of a sound record. */
  const damaged = async (record: string, change: (raw: string) => string | Buffer) => {
    await client.set(record, change((await client.get(record)) as string), 'KEEPTTL');
  };
  const moved = (kept: string) => until(async () => (await client.exists(kept)) === 1);
  const idle = (store: RedisSessionStore) => store.engine.quarantine.close();

  const UNREADABLE: [string, (raw: string) => string | Buffer][] = [
    ['with a broken header', (raw) => `1x${raw.slice(2)}`],
    ['that is cut off', (raw) => raw.slice(0, 40)],
    ['without a body', (raw) => raw.slice(0, 63)],
    ['with broken JSON', (raw) => raw.slice(0, -1)],
    ['with JSON that is no object', (raw) => `${raw.slice(0, 63)}[1]`],
    ['with a foreign format', () => '{"cookie":{}}'],
    ['of nothing', () => ''],
    ['of bytes that are no text', () => Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3])],
  ];

  it.each(UNREADABLE)('%s is counted and moved out of the way of its user', async (_name, change) => {
    const store = storeWith();
    const { token, digest, record, kept, index } = await make(store, 'ada');
    await damaged(record, change);
    const bytes = await client.getBuffer(record);

    expect(await store.get(token)).toBeNull();
    await moved(kept);
    expect(await client.getBuffer(kept)).toEqual(bytes);
    expect(await client.exists(record)).toBe(0);
    expect(await client.zscore(index, digest)).toBeNull();
    const ttlMs = await client.pttl(kept);
    expect(ttlMs).toBeGreaterThan(6.9 * DAY_MS);
    expect(ttlMs).toBeLessThanOrEqual(7 * DAY_MS);
    await idle(store);
    expect(events.slice(-2)).toEqual([
      { type: 'ignored', reason: 'corrupt' },
      { type: 'quarantined', reason: 'corrupt' },
    ]);
    expect(await store.get(token)).toBeNull();
    expect(await make(store, 'ada')).toBeDefined();
  });

  it.each(UNREADABLE)('%s is moved for a visitor, too, and kept for a day', async (_name, change) => {
    const store = storeWith();
    const { token, record, kept, quarantine } = await make(store);
    await damaged(record, change);
    expect(await store.get(token)).toBeNull();
    await moved(kept);
    expect(await client.exists(record, quarantine)).toBe(0);
    expect(await client.pttl(kept)).toBeLessThanOrEqual(DAY_MS);
  });

  const replacedByHash = (record: string) =>
    client.multi().del(record).hset(record, 'not', 'a string').exec();

  it('of another type is no session of a visitor, no outage, and moved', async () => {
    const store = storeWith();
    const { token, record, kept } = await make(store);
    await replacedByHash(record);
    expect(await store.get(token)).toBeNull();
    await moved(kept);
    expect(await client.hgetall(kept)).toEqual({ not: 'a string' });
    await idle(store);
    expect(events.slice(-2)).toEqual([
      { type: 'ignored', reason: 'corrupt' },
      { type: 'quarantined', reason: 'corrupt' },
    ]);
    expect(await store.ids()).toEqual([]);
  });

  it.each([
    ['login', (store: RedisSessionStore) => make(store, 'ada')],
    ['listing', (store: RedisSessionStore) => store.engine.users.list(store.engine.ring.current('ada'))],
  ])('of another type is no session of a user, and moved by his next %s', async (_when, come) => {
    const store = storeWith();
    const { token, record, kept } = await make(store, 'ada');
    await replacedByHash(record);
    expect(await store.get(token)).toBeNull();
    await come(store);
    await moved(kept);
    await idle(store);
    expect(events.filter(({ type }) => type !== 'created')).toEqual([
      { type: 'ignored', reason: 'corrupt' },
      { type: 'pruned', count: 1 },
      { type: 'quarantined', reason: 'corrupt' },
    ]);
  });

  it('keeps nobody from logging in, being listed or being revoked while it is still there', async () => {
    const store = storeWith({ maxSessions: 3 });
    const [first, second, good] = [
      await make(store, 'ada'),
      await make(store, 'ada'),
      await make(store, 'ada'),
    ];
    // Nobody comes to take it away.
    jest.spyOn(store.engine.redis, 'onUnreadable').mockImplementation(() => undefined);
    await replacedByHash(first.record);
    await damaged(second.record, (raw) => `1${'-'.repeat(62)}${raw.slice(63)}`);

    const { tag } = addressOf(good.token);
    const next = await make(store, 'ada');
    expect((await store.engine.users.list(tag)).map(({ digest }) => digest).sort()).toEqual(
      [good.digest, next.digest].sort(),
    );
    // The index lost what was no session, so that nothing sound was evicted.
    expect(await client.zcard(good.index)).toBe(2);
    await client.zadd(good.index, Date.now() + 60_000, first.digest, Date.now() + 60_000, second.digest);
    for (const { token } of [first, second]) await store.destroy(token);
    expect(await client.exists(first.record, second.record)).toBe(0);
    expect(await store.engine.users.revokeAll(tag)).toEqual({ revoked: 2 });
  });

  it('is not taken for a session by a save or a touch that is under way', async () => {
    const store = storeWith({ touchIntervalMs: 0 });
    const { token, record } = await make(store, 'ada');
    const loaded = await store.get(token);
    await damaged(record, (raw) => `1${'-'.repeat(62)}${raw.slice(63)}`);
    const before = await client.get(record);
    await store.touch(token, loaded);
    loaded.changed = true;
    await expect(store.set(token, loaded)).rejects.toThrow(/has ended/);
    expect(await client.get(record)).toBe(before);
  });

  it('is never taken away once somebody has written a sound one in its place', async () => {
    const store = storeWith();
    const broken = (record: string) => damaged(record, () => 'broken');
    const found = (store: RedisSessionStore, token: string) => store.get(token);
    const listed = (store: RedisSessionStore) => store.engine.users.list(store.engine.ring.current('ada'));
    for (const [damage, come, userId] of [
      [broken, found, 'ada'],
      [broken, found, undefined],
      [replacedByHash, listed, 'ada'],
      [replacedByHash, found, undefined],
    ] as const) {
      const { token, record, kept } = await make(store, userId);
      const sound = (await client.get(record)) as string;
      await damage(record);
      const { client: scripts } = store.engine.redis;
      const { lkQuarantine } = scripts;
      const script = jest.spyOn(scripts, 'lkQuarantine').mockImplementation(async (...args) => {
        // Judged already, and written before the script comes.
        await client.set(record, sound);
        return lkQuarantine.apply(scripts, args);
      });
      await come(store, token);
      await until(() => script.mock.calls.length === 1);
      await idle(store);
      script.mockRestore();
      expect(await client.exists(kept)).toBe(0);
      expect(await store.get(token)).not.toBeNull();
      expect(events.filter(({ type }) => type === 'quarantined')).toEqual([]);
    }
  });

  it('is judged again before it is moved', async () => {
    const store = storeWith();
    const { token, record, kept } = await make(store, 'ada');
    const sound = (await client.get(record)) as string;
    await client.set(record, 'broken');
    const { client: commands } = store.engine.redis;
    const { getBuffer } = commands;
    const read = jest.spyOn(commands, 'getBuffer').mockImplementation(async (...args) => {
      await client.set(record, sound);
      return getBuffer.apply(commands, args as never);
    });
    expect(await store.get(token)).toBeNull();
    await until(() => read.mock.calls.length === 1);
    await idle(store);
    read.mockRestore();
    expect(await client.exists(kept)).toBe(0);
    expect(await store.get(token)).not.toBeNull();
  });

  it('is not waited for by the request that came upon it', async () => {
    const store = storeWith();
    const { token, record, kept } = await make(store, 'ada');
    await client.set(record, 'broken');
    const { opened, open } = barrier();
    const { client: commands } = store.engine.redis;
    const { getBuffer } = commands;
    const read = jest.spyOn(commands, 'getBuffer').mockImplementation(async (...args) => {
      await opened;
      return getBuffer.apply(commands, args as never);
    });
    expect(await Promise.all([store.get(token), store.get(token)])).toEqual([null, null]);
    expect(await client.exists(record)).toBe(1);
    open();
    await moved(kept);
    // Two requests came upon it, and it was looked at once.
    expect(read).toHaveBeenCalledTimes(1);
    read.mockRestore();
  });

  it('is moved when Redis is full', async () => {
    const store = storeWith();
    const { token, record, kept } = await make(store, 'ada');
    await client.set(record, 'broken');
    await store.get('any');
    await client.config('SET', 'maxmemory', '1');
    expect(await store.get(token)).toBeNull();
    await moved(kept);
  });

  it('is kept with at most nine others of its user', async () => {
    const store = storeWith({ maxSessions: 0 });
    const made = [];
    for (let i = 0; i < 12; i++) {
      const one = await make(store, 'ada');
      made.push(one);
      await client.set(one.record, 'broken');
      await store.get(one.token);
      await moved(one.kept);
      await idle(store);
      // As if every one had come a while after the one before.
      await client.zincrby(one.quarantine, -60_000 * (12 - i), one.digest);
    }
    const kept = await Promise.all(made.map(({ kept }) => client.exists(kept)));
    expect(kept).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(await client.zcard((made[0] as { quarantine: string }).quarantine)).toBe(10);
  });

  it('stays where it is when another format version wrote it, and costs its user nothing', async () => {
    const store = storeWith({ maxSessions: 2, touchIntervalMs: 0 });
    const newer = await make(store, 'ada');
    const loaded = await store.get(newer.token);
    await damaged(newer.record, (raw) => `2 whatever a later version writes ${raw.slice(63)}`);
    const bytes = await client.get(newer.record);

    expect(await store.get(newer.token)).toBeNull();
    await idle(store);
    expect(events.at(-1)).toEqual({ type: 'ignored', reason: 'other-version' });
    // Neither a save nor a touch that began before the upgrade writes over it.
    await store.touch(newer.token, loaded);
    loaded.changed = true;
    await expect(store.set(newer.token, loaded)).rejects.toThrow(/has ended/);
    // A listing does not take it out of the index, and a login counts it.
    const { tag } = addressOf(newer.token);
    expect(await store.engine.users.list(tag)).toEqual([]);
    const evicted = await make(store, 'ada');
    await make(store, 'ada');
    expect(await client.exists(evicted.record)).toBe(0);
    expect(await client.get(newer.record)).toBe(bytes);
    expect(await client.zscore(newer.index, newer.digest)).not.toBeNull();
    // A revocation ends it like any other.
    expect(await store.engine.users.revokeAll(tag)).toEqual({ revoked: 2 });
    expect(await client.exists(newer.record)).toBe(0);
  });

  describe('because of the user in it', () => {
    const planted = async (store: RedisSessionStore, userId: string | undefined, planted: string) => {
      const made = await make(store, userId);
      const raw = (await client.get(made.record)) as string;
      const body = { cookie: { originalMaxAge: null }, ...JSON.parse(planted) };
      await client.set(made.record, raw.slice(0, 63) + JSON.stringify(body), 'KEEPTTL');
      return made;
    };

    it.each([
      ['another user under a user’s key', '{"userId":"eve"}'],
      ['nobody under a user’s key', '{}'],
    ])('%s is moved', async (_name, data) => {
      const store = storeWith();
      const { token, kept, index, digest } = await planted(store, 'ada', data);
      expect(await store.get(token)).toBeNull();
      await moved(kept);
      expect(await client.zscore(index, digest)).toBeNull();
      await idle(store);
      expect(events.slice(-2)).toEqual([
        { type: 'ignored', reason: 'mismatch' },
        { type: 'quarantined', reason: 'mismatch' },
      ]);
    });

    it('stays where it is under a visitor’s key: another node may not know its users yet', async () => {
      const store = storeWith();
      const { token, record } = await planted(store, undefined, '{"userId":"eve"}');
      expect(await store.get(token)).toBeNull();
      await idle(store);
      expect(events.at(-1)).toEqual({ type: 'ignored', reason: 'mismatch' });
      expect(await client.exists(record)).toBe(1);
    });

    it('stays where it is as long as another node may know an index key that explains it', async () => {
      const behind = storeWith();
      await behind.get('any');
      const ahead = storeWith({ indexKeys: [OTHER_KEY, INDEX_KEY] });
      const { token, record } = await make(ahead, 'ada');
      expect(await behind.get(token)).toBeNull();
      await idle(behind);
      expect(events.at(-1)).toEqual({ type: 'ignored', reason: 'mismatch' });
      expect(await client.exists(record)).toBe(1);
      // Not even after a restart of the node that is behind, which makes its ring the last one.
      const restarted = storeWith();
      expect(await restarted.get(token)).toBeNull();
      await idle(restarted);
      expect(await ahead.get(token)).toMatchObject({ userId: 'ada' });
    });

    it('stays where it is when a store without users comes upon it', async () => {
      const { token, record } = await make(storeWith(), 'ada');
      const other = storeWith({ userId: undefined, indexKeys: undefined });
      expect(await other.get(token)).toBeNull();
      await idle(other);
      expect(await client.exists(record)).toBe(1);
    });
  });

  it('is reported with its name and without its contents', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const store = storeWith();
    const { token, record, kept } = await make(store, 'ada');
    await client.set(record, 'broken, with a secret in it');
    await store.get(token);
    await moved(kept);
    await idle(store);
    const said = warn.mock.calls.map(([message]) => String(message));
    expect(said).toEqual([
      expect.stringMatching(
        /^A session record that cannot be read was moved to \S+, where it stays until \S+Z\.$/,
      ),
    ]);
    expect(said.join()).toContain(kept);
    expect(said.join()).not.toMatch(new RegExp(`secret|${token}`));
  });

  it('of another version is reported once a minute, not with every request', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const store = storeWith();
    const { token, record } = await make(store, 'ada');
    await client.set(record, '2 whatever');
    for (let i = 0; i < 5; i++) {
      await store.get(token);
      await idle(store);
    }
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('another format version'),
    ]);
  });

  it.each(['no JSON', 'null', '{"v":1}', '[]'])(
    'is not made usable by a live principal of %j: whoever may be disabled stays out',
    async (principal) => {
      const store = storeWith();
      const { token } = await make(store, 'ada');
      await client.set(`lk:prn:{${addressOf(token).tag}}`, principal);
      expect(await store.get(token)).toBeNull();
      expect(events.at(-1)).toEqual({ type: 'ignored', reason: 'corrupt' });
    },
  );
});
