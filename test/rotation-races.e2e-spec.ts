import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, type SessionHost, startSessionHost } from './support/session-host.js';
import { runs } from './support/soak.js';

// Two nodes of a host on one Redis, a handler that is held at its gate while the session ends on the other node.
// session-races has the whole program, and the ways in which its sessions end.
const ROUNDS = runs(50, 2_000);
const UPDATES = 200;
const LIMIT_MS = ROUNDS * 1_000;

describe('races between a request that moves its session and the end of it', () => {
  let redis: TestRedis;
  let client: Redis;
  let here: SessionHost;
  let there: SessionHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    here = await startSessionHost(client, { maxSessions: 0 });
    there = await startSessionHost(redis.client(), { maxSessions: 0 });
  });
  afterEach(async () => {
    await here.close();
    await there.close();
  });

  const principal = {
    roles: [],
    email: 'ada@example.com',
    displayName: null,
    disabled: true,
  };
  const endings: Record<string, (cookie: string) => Promise<unknown>> = {
    logout: (cookie) => there.call('POST', '/logout', { cookie }),
    'a revocation': async () => {
      const [session] = await there.sessions.list('ada');
      expect(await there.sessions.revoke('ada', session?.id as string)).toEqual({ revoked: 1 });
    },
    'a revoke-all': () => there.sessions.revokeAll('ada'),
    'a disabled account': async () => {
      await there.sessions.setPrincipal('ada', principal, 1);
      await there.sessions.revokeAll('ada');
    },
    'a rotation elsewhere': (cookie) => there.call('POST', '/rotate', { cookie }),
  };

  describe.each(Object.keys(endings))('%s', (ending) => {
    it.each(['/cart?item=tea', '/regenerate', '/rotate'])(
      `leaves nothing for POST %s to revive, ${ROUNDS} times`,
      async (path) => {
        for (let round = 0; round < ROUNDS; round++) {
          await client.flushall();
          const cookie = await here.login();
          const { open, waiting } = here.gate.close();
          const slow = here.call('POST', path, { cookie });
          await waiting;
          await endings[ending]?.(cookie);
          const live = new Set(await client.keys('lk:sess:*'));
          open();
          const answer = await slow;
          expect(answer.status).toBe(401);
          expect(await codeOf(answer)).toBe('SESSION_ENDED');
          expect(answer.headers.getSetCookie()).toEqual([]);
          expect(new Set(await client.keys('lk:sess:*'))).toEqual(live);
          expect((await here.me({ cookie })).user).toBeNull();
        }
      },
      LIMIT_MS,
    );
  });

  it(
    `lets no login past a revoke-all on the other node, ${ROUNDS} times`,
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { open, waiting } = here.gate.close();
        const slow = here.call('POST', '/login');
        await waiting;
        await there.sessions.revokeAll('ada');
        open();
        expect((await slow).status).toBe(401);
      }
      expect(await client.keys('lk:sess:*')).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    `counts exactly over two nodes, ${ROUNDS} updates`,
    async () => {
      const cookie = await here.login();
      const answers = await Promise.all(
        Array.from({ length: UPDATES }, (_, i) => (i % 2 ? here : there).call('POST', '/count', { cookie })),
      );
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
      expect((await here.me({ cookie })).n).toBe(UPDATES);
    },
    LIMIT_MS,
  );
});
