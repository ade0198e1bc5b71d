import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { legacyIdOf } from './support/legacy-app.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf, INDEX_KEY } from './support/session-host.js';
import { startTakeoverNodes, type TakeoverNodes } from './support/takeover-nodes.js';

const NEWER_INDEX_KEY = 'a-newer-index-key-of-the-specifications';

describe('sessions that were taken over, when they end', () => {
  let redis: TestRedis;
  let client: Redis;
  let nodes: TakeoverNodes;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    nodes = await startTakeoverNodes(redis, client);
  });
  afterEach(() => nodes.close());

  /** Puts things back to where a node has died after it created the session and before it noted that. */
  const crashAfterCreate = async (old: string, work: () => Promise<unknown>) => {
    const key = `sess:${legacyIdOf(old)}`;
    const record = (await client.get(key)) as string;
    const before = await client.keys('lk:mig:*');
    await work();
    await client.set(key, record, 'EX', 3600);
    for (const trace of await client.keys('lk:mig:*')) {
      if (!before.includes(trace) && (await client.get(trace)) !== '') await client.del(trace);
    }
  };

  it('takes nothing over of a user whose sessions were all revoked before', async () => {
    const { legacy, userOf } = nodes;
    const [host] = nodes.hosts;
    const [old, other] = [await legacy.login('ada'), await legacy.login('grace')];
    await host.sessions.revokeAll('ada');
    expect(await userOf(old)).toBeNull();
    expect(await userOf(other)).toBe('grace');
  });

  it('refuses the old cookie after a logout, also when a save in flight in the old app brings its record back', async () => {
    const { legacy, userOf } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.login('ada');
    const save = await legacy.slowSave(old);
    const cookie = cookieOf(await host.call('GET', '/me', { cookie: old }));
    await host.call('POST', '/logout', { cookie });
    await save.finish();
    expect((await legacy.me(old)).user).toBe('ada');
    for (const each of [cookie, old]) expect(await userOf(each)).toBeNull();
    expect(await client.keys('*sess:*')).toEqual([]);
  });

  it('ends the old session too when a browser with both cookies logs out', async () => {
    const { legacy, userOf } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.login('ada');
    const cookie = await host.login('user=grace');
    await host.call('POST', '/logout', { cookie: `${old}; ${cookie}` });
    for (const each of [cookie, old]) expect(await userOf(each)).toBeNull();
    expect((await legacy.me(old)).user).toBeNull();
  });

  it('finds the session again after a crash before that was noted, and not after a logout', async () => {
    const { legacy, userOf } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.login('ada');
    let cookie = '';
    await crashAfterCreate(old, async () => {
      cookie = cookieOf(await host.call('GET', '/me', { cookie: old }));
    });
    expect(cookieOf(await host.call('GET', '/me', { cookie: old }))).toBe(cookie);
    const again = await legacy.login('ada');
    await crashAfterCreate(again, () => host.call('POST', '/logout', { cookie: again }));
    expect(await userOf(again)).toBeNull();
    expect(await host.sessions.count('ada')).toBe(1);
  });

  it('holds what was taken over, ended and revoked under an older index key', async () => {
    const { legacy, start, userOf } = nodes;
    const [host] = nodes.hosts;
    const [taken, ended, revoked] = [
      await legacy.login('ada'),
      await legacy.login('ada'),
      await legacy.login('grace'),
    ];
    await crashAfterCreate(taken, () => host.me({ cookie: taken }));
    await crashAfterCreate(ended, () => host.call('POST', '/logout', { cookie: ended }));
    await host.sessions.revokeAll('grace');
    const rotated = await start({ indexKeys: [NEWER_INDEX_KEY, INDEX_KEY] });
    expect(await userOf(taken, rotated)).toBe('ada');
    expect(await userOf(ended, rotated)).toBeNull();
    expect(await userOf(revoked, rotated)).toBeNull();
    expect(await rotated.sessions.count('ada')).toBe(1);
    expect(await userOf(await legacy.login('edsger'), rotated)).toBe('edsger');
  });

  it('slides the idle timeout of a client that goes on sending the old cookie, except by polling', async () => {
    const { legacy } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.login('ada');
    await host.call('GET', '/poll', { cookie: old });
    const [key] = (await client.keys('lk:sess:*')) as [string];
    const touched = () => client.getrange(key, 1, 13);
    const before = await touched();
    await host.call('GET', '/poll', { cookie: old });
    expect(await touched()).toBe(before);
    await host.me({ cookie: old });
    while ((await touched()) === before) await new Promise((resolve) => setImmediate(resolve));
  });

  it('leaves nothing in Redis without an expiry, and remembers as long as the old cookie lives', async () => {
    const { legacy } = nodes;
    const [host] = nodes.hosts;
    for (const old of [await legacy.login('ada'), await legacy.addToCart('tea')])
      await host.me({ cookie: old });
    const keys = (await client.keys('lk:*')).filter((key) => key !== 'lk:ring');
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
    const markers = keys.filter((key) => key.startsWith('lk:mig:'));
    expect(markers).toHaveLength(3);
    for (const key of markers) expect(await client.pttl(key)).toBeGreaterThan(14 * 86_400_000 - 5_000);
  });
});
