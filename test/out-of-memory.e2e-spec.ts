import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';

import { RedisLoginThrottle, RedisOneTimeTokenStore } from '../src/auth/index.js';
import { RedisSessionStore, SessionDoctor, SessionStoreUnavailableError } from '../src/session/index.js';
import { commandsDuring } from './support/redis-commands.js';
import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import {
  codeOf,
  cookieOf,
  INDEX_KEY,
  type SessionHost,
  startSessionHost,
  userNamed,
} from './support/session-host.js';
import { storedSessions } from './support/stored-sessions.js';

const SOURCES = fileURLToPath(new URL('../src', import.meta.url));

/**
 * What every script does at `maxmemory`: whatever only ends, shortens, refuses or lists answers; whatever makes a
 * session, lets one live on, or counts what must not go uncounted is refused as a whole.
 */
const AT_MAXMEMORY: Record<string, 'answers' | 'is refused'> = {
  'begin-attempt': 'answers',
  'begin-revoke-everyone': 'answers',
  'check-members': 'answers',
  'count-in-window': 'is refused',
  'count-visitor': 'is refused',
  'create-anonymous-session': 'is refused',
  'create-session': 'is refused',
  'destroy-session': 'answers',
  'discard-session': 'answers',
  'end-user-sessions': 'answers',
  'examine-session': 'answers',
  'fail-attempt': 'is refused',
  'follow-revoke-everyone': 'answers',
  'forget-devices': 'answers',
  'guard-ring': 'answers',
  'list-sessions': 'answers',
  'mend-session': 'answers',
  'note-revoke-everyone': 'answers',
  'quarantine-session': 'answers',
  'read-window': 'answers',
  'replay-revoke-all': 'answers',
  'replay-revoke-everyone': 'answers',
  'return-anonymous-session': 'answers',
  'revoke-all-sessions': 'answers',
  'rotate-session': 'is refused',
  'save-session': 'is refused',
  'set-principal': 'answers',
  'succeed-attempt': 'answers',
  'sweep-sessions': 'answers',
  'take-anonymous-session': 'answers',
  'take-token': 'answers',
  'touch-session': 'is refused',
};

// What scripts share is no script of its own.
const INCLUDED = ['header', 'ended'];
const pathOf = (name: string) => `session/store/lua/${name}.lua`;
const read = (path: string) => readFileSync(join(SOURCES, path), 'utf8');

const scripts = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.lua') && !INCLUDED.map(pathOf).includes(path))
  .map((path) => ({
    name: basename(path, '.lua'),
    lua: INCLUDED.reduce(
      (text, one) => text.replace(`--- @include ${one}\n`, () => read(pathOf(one))),
      read(path),
    ),
  }));
/** Which script a command runs: by its SHA-1, or by its second line where Redis got all of it. */
const nameOf = (command: string) =>
  scripts.find(({ lua }) =>
    command.startsWith('evalsha ')
      ? command.endsWith(createHash('sha1').update(lua).digest('hex'))
      : command.includes(lua.split('\n')[1] as string),
  )?.name;

describe('the scripts', () => {
  it.each(scripts)('say what they do at maxmemory: $name', ({ name, lua }) => {
    const [flags] = lua.split('\n');
    expect(AT_MAXMEMORY[name]).toBeDefined();
    // A script that writes nothing needs no leave to (no-writes).
    expect(/allow-oom|no-writes/.test(flags ?? '') ? 'answers' : 'is refused').toBe(AT_MAXMEMORY[name]);
    // Without this line Redis would run one of them half.
    expect(flags).toMatch(/^#!lua/);
    const makesSomething = /call\('(SET|ZADD|HSET|HINCRBY|INCR|INCRBY|SADD|APPEND|LPUSH|RPUSH)'/.test(lua);
    if (!makesSomething && !lua.includes("'SETRANGE'")) expect(flags).toMatch(/allow-oom|no-writes/);
  });
});

describe('a Redis whose memory is full', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SessionHost;
  let store: RedisSessionStore;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startSessionHost(client, { maxSessions: 2, touchIntervalMs: 1 });
    store = newStore();
  });
  afterEach(async () => {
    await client.config('SET', 'maxmemory', '0');
    await store.engine.close();
    await host.close();
  });

  const newStore = () =>
    new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (data) => (data as { passport?: { user: { id: string } } }).passport?.user.id,
      maxSessions: 0,
    });
  /** Uses more memory than Redis may from now on, by more than anything here frees. */
  const fillUp = async (): Promise<void> => {
    // Not sent, made there: what a connection buffers counts as used, for a moment.
    await client.setrange('filler', 8_000_000, 'x');
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(used - 4_000_000));
    await expect(client.set('another', '')).rejects.toThrow(/OOM/);
  };
  const sessionOf = (id: string) =>
    ({ cookie: { originalMaxAge: null }, passport: { user: userNamed(id) } }) as unknown as SessionData;

  it('lists, revokes, sweeps, repairs and ends everybody’s sessions all the same', async () => {
    const tag = store.engine.ring.current('many');
    for (let i = 0; i < 250; i += 1) await store.set(store.createSessionId('many'), sessionOf('many'));
    const [ada, bob] = [await host.login('user=ada'), await host.login('user=bob')];
    const visitor = cookieOf(await host.call('POST', '/cart?item=tea'));
    const tokens = new RedisOneTimeTokenStore({ client });
    const digest = 'd'.repeat(43);
    await tokens.put({ slot: 'slot', digest, payload: 'payload' }, 60_000);
    const [stored] = await storedSessions(client);
    await client.persist(stored?.key as string);
    await client.zadd(`lk:idx:{${tag}}`, Date.now() + 60_000, 'a member without a record');
    await client.set(`lk:sess:{${tag}}:${'c'.repeat(43)}`, 'a corrupt record');
    const broken = await host.login('user=dan');
    const [ofDan] = await client.keys(`lk:sess:{${store.engine.ring.current('dan')}}:*`);
    await client.set(ofDan as string, 'no record');
    await host.login('user=eve');
    await client.set(`lk:gen:{${store.engine.ring.current('eve')}}`, Date.now() + 60_000, 'PX', 60_000);
    const throttle = new RedisLoginThrottle({ client });
    await fillUp();

    const sent = await commandsDuring(redis, async () => {
      expect((await host.me({ cookie: broken })).user).toBeNull();
      await poll(async () => (await client.keys('lk:quarantine:*')).length > 0);
      expect(await newStore().get('unknown')).toBeNull();
      const attempt = await throttle.begin({ act: 'login', account: 'ada@example.com', ip: '192.0.2.1' });
      await attempt.succeeded();
      await throttle.forgetDevices('ada@example.com');

      const report = await new SessionDoctor(store).examine({ repair: true });
      expect(report).toMatchObject({
        repaired: 4,
        findings: {
          'member-without-record': 1,
          'record-corrupt': 1,
          'record-dead': 1,
          'record-without-ttl': 1,
        },
      });
      const [session] = await host.sessions.list('ada');
      expect(await host.sessions.revoke('ada', session?.id as string)).toEqual({ revoked: 1 });
      expect((await host.me({ cookie: ada })).user).toBeNull();
      // Takes the visitor's cart, cannot create, gives it back.
      expect((await host.call('POST', '/login?user=carl', { cookie: visitor })).status).toBe(503);
      expect((await host.me({ cookie: visitor })).cart).toEqual(['tea']);

      expect(await store.engine.users.revokeAll(tag)).toEqual({ revoked: 250 });
      await poll(async () => (await client.keys(`lk:sess:{${tag}}:*`)).length === 0);
      await host.sessions.setPrincipal('bob', { ...userNamed('bob'), disabled: true }, 1);
      expect((await host.me({ cookie: bob })).user).toBeNull();
      const moved = { createdMs: Date.now(), aliveMs: Date.now(), from: 'lk:old', to: 'lk:new' };
      expect(await store.engine.everyone.mustEnd(moved)).toBe(false);
      expect(await tokens.take('slot', digest)).toBe('payload');

      // What a journal would have repeated of it, had Redis lost it.
      const { ungated, keys } = store.engine.redis;
      expect(await ungated.lkReplayRevokeAll(keys.generation(tag), keys.sessions(tag), 1, '', 1_000)).toBe(0);
      expect(
        await ungated.lkReplayRevokeAll(keys.generation('new'), keys.sessions('new'), 1, '', 1_000),
      ).toBe(1);
      expect(await ungated.lkReplayRevokeEveryone(keys.epoch(), 7)).toBe(1);
      const { operationId } = await host.sessions.revokeEveryone();
      expect(await store.engine.everyone.epoch()).toBe('7');
      await poll(async () => (await host.sessions.findOperation(operationId))?.state === 'done');
      expect(await host.sessions.findOperation(operationId)).toEqual({ state: 'done', revoked: 2 });
      expect(await client.keys('lk:sess:*')).toEqual([]);
    });

    const ran = new Set(sent.map(nameOf));
    const answering = Object.keys(AT_MAXMEMORY).filter((name) => AT_MAXMEMORY[name] === 'answers');
    expect(answering.filter((name) => !ran.has(name))).toEqual([]);
  });

  it('refuses to make a session, and ends none for it', async () => {
    const cookies = [await host.login(), await host.login()];
    const before = await storedSessions(client);
    await fillUp();
    const login = await host.call('POST', '/login');
    expect([login.status, login.headers.get('retry-after'), login.headers.getSetCookie()]).toEqual([
      503,
      '1',
      [],
    ]);
    expect(await codeOf(login)).toBe('SESSION_STORE_UNAVAILABLE');
    const visit = await host.call('POST', '/cart?item=tea');
    expect([visit.status, visit.headers.getSetCookie()]).toEqual([503, []]);
    await expect(store.set(store.createSessionId('eve'), sessionOf('eve'))).rejects.toThrow(
      SessionStoreUnavailableError,
    );
    const present = await storedSessions(client);
    const digests = (sessions: typeof present) => sessions.map(({ digest }) => digest).sort();
    expect(digests(present)).toEqual(digests(before));
    for (const cookie of cookies) expect((await host.me({ cookie })).user).toBe('ada');
  });

  it('refuses to save or to rotate a session, which goes on as it was', async () => {
    const cookie = await host.login();
    expect((await host.call('POST', '/cart?item=tea', { cookie })).status).toBe(201);
    await fillUp();
    for (const path of ['/cart?item=milk', '/count', '/rotate', '/strict?note=new']) {
      const answer = await host.call('POST', path, { cookie });
      expect([path, answer.status, await codeOf(answer)]).toEqual([path, 503, 'SESSION_STORE_UNAVAILABLE']);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    // Its touch is refused too, off the response path.
    expect((await host.call('GET', '/me', { cookie })).status).toBe(200);
    await client.config('SET', 'maxmemory', '0');
    const { user, cart, note, n } = await host.me({ cookie });
    expect({ user, cart, note, n }).toEqual({ user: 'ada', cart: ['tea'], note: undefined, n: undefined });
    expect((await host.call('POST', '/cart?item=milk', { cookie })).status).toBe(201);
  });
});
