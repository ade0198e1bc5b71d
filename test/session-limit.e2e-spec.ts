import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { addressOf } from '../src/session/token/session-id.js';
import { TagRing } from '../src/session/token/tag-ring.js';
import type { SessionModuleOptions, SessionView } from '../src/session/index.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { INDEX_KEY, type SessionHost, startSessionHost } from './support/session-host.js';

const tag = new TagRing([INDEX_KEY]).current('ada');

describe('the maximum number of sessions', () => {
  let redis: TestRedis;
  let client: Redis;
  let hosts: SessionHost[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());
  afterEach(async () => {
    for (const host of hosts) await host.close();
    hosts = [];
  });

  const hostWith = async (options: Partial<SessionModuleOptions>) => {
    const host = await startSessionHost(redis.client(), options);
    hosts.push(host);
    return host;
  };
  /** Whom a cookie still logs in. */
  const usable = async (host: SessionHost, cookies: string[]) =>
    (await Promise.all(cookies.map((cookie) => host.me({ cookie })))).filter((me) => me.user === 'ada')
      .length;
  const recordOf = (cookie: string) => {
    const token = decodeURIComponent(cookie).replace('sid=s:', '').split('.').slice(0, 2).join('.');
    return `lk:sess:{${tag}}:${addressOf(token).digest}`;
  };

  it.each(['evict-lru', 'evict-oldest'] as const)(
    'holds under 50 parallel logins on two nodes, by %s',
    async (limitPolicy) => {
      const nodes = [
        await hostWith({ maxSessions: 5, limitPolicy }),
        await hostWith({ maxSessions: 5, limitPolicy }),
      ];
      const cookies = await Promise.all(
        Array.from({ length: 50 }, (_, i) => (nodes[i % 2] as SessionHost).login()),
      );
      expect(await usable(nodes[0] as SessionHost, cookies)).toBe(5);
      expect(await client.zcard(`lk:idx:{${tag}}`)).toBe(5);
      expect(await client.keys('lk:sess:*')).toHaveLength(5);
    },
  );

  it('refuses all but the maximum of 50 parallel logins under reject', async () => {
    const nodes = [
      await hostWith({ maxSessions: 5, limitPolicy: 'reject' }),
      await hostWith({ maxSessions: 5, limitPolicy: 'reject' }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (nodes[i % 2] as SessionHost).call('POST', '/login')),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(5);
    const refused = answers.find((answer) => answer.status === 409) as Response;
    const problem = (await refused.json()) as {
      code: string;
      sessions: SessionView[];
    };
    expect(problem.code).toBe('TOO_MANY_SESSIONS');
    expect(problem.sessions).toHaveLength(5);
    expect(refused.headers.getSetCookie()).toEqual([]);

    // The list says which one to give up.
    const named = problem.sessions[2]?.id as string;
    const cookie = await (nodes[0] as SessionHost).login(`revokeSessionId=${named}`);
    const ids = (await (nodes[0] as SessionHost).sessions.list('ada')).map((session) => session.id);
    expect(ids).toHaveLength(5);
    expect(ids).not.toContain(named);
    expect((await (nodes[1] as SessionHost).me({ cookie })).user).toBe('ada');
  });

  it('gives the cart back when a login is refused', async () => {
    const host = await hostWith({ maxSessions: 1, limitPolicy: 'reject' });
    await host.login();
    const visitor = (await host.call('POST', '/cart?item=tea')).headers
      .getSetCookie()[0]
      ?.split(';')[0] as string;
    expect((await host.call('POST', '/login', { cookie: visitor })).status).toBe(409);
    expect((await host.me({ cookie: visitor })).cart).toEqual(['tea']);
    expect((await host.call('POST', '/cart?item=cake', { cookie: visitor })).status).toBe(201);
  });

  it('ends the least recently used by evict-lru and the oldest by evict-oldest', async () => {
    for (const [limitPolicy, victim] of [
      ['evict-lru', 1],
      ['evict-oldest', 0],
    ] as const) {
      await client.flushall();
      const host = await hostWith({ maxSessions: 3, limitPolicy });
      const cookies = [await host.login(), await host.login(), await host.login()];
      // Redis's clock counts milliseconds; the order of three logins in one of them is nobody's.
      for (const [i, cookie] of cookies.entries()) {
        await client.setrange(recordOf(cookie), 1, String(Date.now() - 50_000 + i).padStart(13, '0'));
        await client.setrange(recordOf(cookie), 27, String(Date.now() - 50_000 + i).padStart(13, '0'));
      }
      await host.call('POST', '/cart?item=tea', {
        cookie: cookies[0] as string,
      });
      await host.login();
      const left = await Promise.all(cookies.map(async (cookie) => (await host.me({ cookie })).user));
      expect(left.findIndex((user) => user === null)).toBe(victim);
    }
  });

  it('never lets an expired session push a live one out', async () => {
    const host = await hostWith({ maxSessions: 2 });
    const [live, expired] = [await host.login(), await host.login()];
    await client.del(recordOf(expired));
    await host.login();
    expect((await host.me({ cookie: live })).user).toBe('ada');
    expect(await client.zcard(`lk:idx:{${tag}}`)).toBe(2);
  });

  it('has no limit when it is 0, and still ends all at once', async () => {
    const host = await hostWith({ maxSessions: 0 });
    for (let i = 0; i < 450; i += 50) await Promise.all(Array.from({ length: 50 }, () => host.login()));
    expect(await host.sessions.list('ada')).toHaveLength(450);
    expect(await host.sessions.revokeAll('ada')).toEqual({ revoked: 450 });
    expect(await host.sessions.list('ada')).toEqual([]);
    // They are dead by now; what is left of them goes in the background.
    while ((await client.keys('lk:trash:*')).length > 0) continue;
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });
});
