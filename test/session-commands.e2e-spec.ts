import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { commandsDuring } from './support/redis-commands.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf, type SessionHost, startSessionHost } from './support/session-host.js';

// The numbers of docs/session-format.md, section «Commands». They must not creep.
describe('the Redis commands of each operation', () => {
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
    // Loads the scripts and samples Redis's clock, which happens once per server and process.
    host = await startSessionHost(client);
    const visitor = cookieOf(await host.call('POST', '/cart?item=tea'));
    const cookie = await host.login('', visitor);
    await host.call('POST', '/cart?item=tea', { cookie });
    await host.call('POST', '/logout', { cookie: await host.login() });
    await host.call('POST', '/rotate', { cookie });
    await host.sessions.list('ada');
    await host.sessions.revokeAll('ada');
  });
  afterEach(() => host.close());

  const during = async (work: () => Promise<unknown>) =>
    (await commandsDuring(redis, work)).map((command) => command.split(' ')[0]?.toLowerCase());

  it('sends none for a visitor', async () => {
    expect(await during(() => host.me({}))).toEqual([]);
  });

  it('sends none for a credential that does not verify', async () => {
    expect(await during(() => host.me({ cookie: 'sid=s:forged.signature' }))).toEqual([]);
    expect(await during(() => host.me({ authorization: 'Bearer lk_forged.signature' }))).toEqual([]);
  });

  it('sends one for a read with a cookie, and one with a bearer token', async () => {
    const cookie = await host.login();
    expect(await during(() => host.me({ cookie }))).toEqual(['mget']);
    const { token } = (await (await host.call('POST', '/login?transport=bearer')).json()) as {
      token: string;
    };
    expect(await during(() => host.me({ authorization: `Bearer ${token}` }))).toEqual(['mget']);
  });

  it('sends one for a read of an anonymous session', async () => {
    const visitor = cookieOf(await host.call('POST', '/cart?item=tea'));
    expect(await during(() => host.me({ cookie: visitor }))).toEqual(['get']);
  });

  it('sends a read and one compare-and-set for a change', async () => {
    const cookie = await host.login();
    expect(await during(() => host.call('POST', '/cart?item=tea', { cookie }))).toEqual(['mget', 'evalsha']);
  });

  it('sends a read and one script to log out', async () => {
    const cookie = await host.login();
    expect(await during(() => host.call('POST', '/logout', { cookie }))).toEqual(['mget', 'evalsha']);
  });

  it('sends a read and two scripts to rotate', async () => {
    const cookie = await host.login();
    expect(await during(() => host.call('POST', '/rotate', { cookie }))).toEqual([
      'mget',
      'evalsha',
      'evalsha',
    ]);
  });

  it('sends the ticket, one create and the epoch to log in, and two more with a cart', async () => {
    expect(await during(() => host.login())).toEqual(['get', 'get', 'evalsha', 'get']);
    const visitor = cookieOf(await host.call('POST', '/cart?item=tea'));
    const sent = await during(() => host.login('', visitor));
    expect(sent).toEqual(['get', 'get', 'get', 'evalsha', 'evalsha', 'get']);
  });

  it('sends one to end all sessions of a user and one to list them', async () => {
    await host.login();
    await host.login();
    expect(await during(() => host.sessions.list('ada'))).toEqual(['evalsha']);
    expect(await during(() => host.sessions.revokeAll('ada'))).toEqual(['evalsha']);
  });

  it('looks a handle up and ends that session with two', async () => {
    await host.login();
    const [session] = await host.sessions.list('ada');
    expect(await during(() => host.sessions.revoke('ada', session?.id as string))).toEqual([
      'zscan',
      'evalsha',
    ]);
  });

  it('touches at most once per interval, however many requests there are', async () => {
    await client.del(await client.keys('lk:sess:*'));
    const cookie = await host.login();
    const [key] = await client.keys('lk:sess:*');
    const touched = Number(await client.getrange(key as string, 1, 13));
    await client.setrange(key as string, 1, String(touched - 120_000).padStart(13, '0'));
    const sent = await during(async () => {
      await host.me({ cookie });
      while ((await client.getrange(key as string, 1, 13)) === String(touched - 120_000)) continue;
      await Promise.all(Array.from({ length: 10 }, () => host.me({ cookie })));
    });
    expect(sent.filter((command) => command?.startsWith('eval'))).toHaveLength(1);
  });
});
