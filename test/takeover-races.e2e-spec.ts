import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf, type SessionHost } from './support/session-host.js';
import { startTakeoverNodes, type TakeoverNodes } from './support/takeover-nodes.js';

describe('taking sessions over while they are used, ended and revoked', () => {
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

  it('brings twenty parallel first requests on two nodes together in one session', async () => {
    const { legacy, lookUp, hosts } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.login('ada');
    const { open, waiting } = lookUp.close(20);
    const requests = Array.from({ length: 20 }, (_, i) =>
      (hosts[i % 2] as SessionHost).call('POST', `/cart?item=${i}`, { cookie: old }),
    );
    await waiting;
    open();
    const answers = await Promise.all(requests);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(new Set(answers.map(cookieOf)).size).toBe(1);
    expect(await host.sessions.count('ada')).toBe(1);
    const { user, cart } = await host.me({ cookie: cookieOf(answers[0] as Response) });
    expect(user).toBe('ada');
    expect(cart?.sort()).toEqual(Array.from({ length: 20 }, (_, i) => String(i)).sort());
    expect(await client.keys('sess:*')).toEqual([]);
  });

  it('brings a visitor’s parallel first requests together, and nothing put into the cart is lost', async () => {
    const { legacy, hosts } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.addToCart('tea');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (hosts[i % 2] as SessionHost).call('POST', `/cart?item=${i}`, { cookie: old }),
      ),
    );
    expect(new Set(answers.map(cookieOf)).size).toBe(1);
    expect((await host.me({ cookie: cookieOf(answers[0] as Response) })).cart).toHaveLength(21);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('finds the session whose old record is deleted while a request is looking for it', async () => {
    const { legacy, lookUp, start, slowly, userOf } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.login('ada');
    const slowHost = await start({ legacyClient: slowly(() => true) });
    const { open, waiting } = lookUp.close();
    const slow = slowHost.me({ cookie: old });
    await waiting;
    lookUp.letOthersPass();
    expect(await userOf(old)).toBe('ada');
    open();
    expect(await slow).toMatchObject({ user: 'ada' });
    expect(await host.sessions.count('ada')).toBe(1);
  });

  it('makes nothing of a takeover under way while another request takes the session over and logs out', async () => {
    const { legacy, lookUp } = nodes;
    const [host, other] = nodes.hosts;
    const old = await legacy.login('ada');
    const { open, waiting } = lookUp.close();
    const slow = host.me({ cookie: old });
    await waiting;
    lookUp.letOthersPass();
    const cookie = cookieOf(await other.call('GET', '/me', { cookie: old }));
    expect(await (await host.call('POST', '/logout', { cookie })).json()).toEqual({ ended: true });
    open();
    expect(await slow).toMatchObject({ user: null, credential: 'invalid' });
    expect(await client.keys('*sess:*')).toEqual([]);
  });

  it('makes nothing of a visitor’s takeover under way while another request ends what it took over', async () => {
    const { legacy, lookUp, start, slowly } = nodes;
    const [host] = nodes.hosts;
    const old = await legacy.addToCart('tea');
    // The last thing that a takeover asks Redis before it creates the session.
    const slowHost = await start({ client: slowly((key) => key.endsWith(':epoch')) });
    const { open, waiting } = lookUp.close();
    const slow = slowHost.me({ cookie: old });
    await waiting;
    expect(await (await host.call('POST', '/logout', { cookie: old })).json()).toEqual({ ended: true });
    open();
    expect(await slow).toMatchObject({ user: null, credential: 'invalid' });
    expect(await client.keys('*sess:*')).toEqual([]);
  });

  it('makes nothing of a takeover under way while the user’s sessions are all revoked', async () => {
    const { legacy, lookUp, userOf } = nodes;
    const [host, other] = nodes.hosts;
    const old = await legacy.login('ada');
    const { open, waiting } = lookUp.close();
    const slow = host.me({ cookie: old });
    await waiting;
    await other.sessions.revokeAll('ada');
    open();
    expect(await slow).toMatchObject({ user: null, credential: 'invalid' });
    expect(await userOf(old)).toBeNull();
    expect(await client.keys('*sess:*')).toEqual([]);
  });

  it('makes nothing of a takeover under way while everybody’s sessions are ended, nor of one after that', async () => {
    const { legacy, lookUp, userOf } = nodes;
    const [host] = nodes.hosts;
    const [old, later] = [await legacy.login('ada'), await legacy.login('grace')];
    const { open, waiting } = lookUp.close();
    const slow = host.me({ cookie: old });
    await waiting;
    await host.sessions.revokeEveryone();
    open();
    expect(await slow).toMatchObject({ user: null, credential: 'invalid' });
    expect(await userOf(later)).toBeNull();
    expect(await client.keys('lk:sess:*')).toEqual([]);
    // Nothing was decided about this one but that it does not go on now.
    expect((await legacy.me(later)).user).toBe('grace');
  });
});
