import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import expressSession, { type SessionData, type SessionOptions } from 'express-session';
import type { Redis } from 'ioredis';
import { holdUntilStored, RedisSessionStore } from '../src/session/index.js';
import {
  barrier,
  COOKIE_SECRET,
  type ExpressHost,
  startExpressHost,
  tokenIn,
} from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { note?: string };

describe('holdUntilStored behind express-session', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;
  let host: ExpressHost;
  let step: (req: Request, res: Response) => unknown = (_req, res) => res.end();

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    store = new RedisSessionStore({ client, maxSessionBytes: 2_000 });
    await start({});
  });
  afterEach(() => host.close());

  const start = async (options: Partial<SessionOptions>) => {
    host = await startExpressHost(
      store,
      (req, res) => {
        if (req.path !== '/') return step(req, res);
        (req.session as Data).note = 'begun';
        return res.end();
      },
      options,
      { behind: [holdUntilStored()] },
    );
  };
  const begun = async () => (await host.get('/')).cookie;
  const change = (req: Request) => ((req.session as Data).note = 'changed');
  const codeOf = ({ text }: { text: string }) => (JSON.parse(text) as { code: string }).code;

  it('has a session stored before any of the answer leaves', async () => {
    const { opened, open } = barrier();
    const begins = barrier();
    const set = store.set.bind(store);
    store.set = (async (...args: Parameters<typeof set>) => {
      begins.open();
      await opened;
      return set(...args);
    }) as typeof store.set;
    let answered = false;
    const answer = host.get('/').then((result) => {
      answered = true;
      return result;
    });
    await begins.opened;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(answered).toBe(false);
    open();
    expect(await store.get(tokenIn((await answer).cookie))).toMatchObject({ note: 'begun' });
  });

  it.each([
    ['JSON', (res: Response) => res.json({ ok: true })],
    ['a redirect', (res: Response) => res.redirect('/elsewhere')],
    ['a stream', (res: Response) => [res.type('text').write('one'), res.end('two')]],
  ])('answers 401 instead of %s when the session has ended meanwhile', async (_kind, send) => {
    const cookie = await begun();
    step = async (req, res) => {
      await store.destroy(req.sessionID);
      change(req);
      send(res);
    };
    const answer = await host.get('/step', { cookie });
    expect([answer.status, codeOf(answer), answer.cookie]).toEqual([401, 'SESSION_ENDED', '']);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('location')).toBeNull();
    expect(await store.length()).toBe(0);
  });

  it('answers 503 while Redis is away, and sets no cookie for a session that does not exist', async () => {
    step = (req, res) => {
      client.disconnect();
      change(req);
      res.end('ok');
    };
    const answer = await host.get('/step');
    await client.connect();
    expect([answer.status, codeOf(answer), answer.cookie]).toEqual([503, 'SESSION_STORE_UNAVAILABLE', '']);
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it.each([{}, { unset: 'destroy' as const }])(
    'answers 413 to a session that is too large and keeps the one there was, with %j',
    async (options) => {
      await host.close();
      await start(options);
      const cookie = await begun();
      step = (req, res) => {
        (req.session as Data).note = 'x'.repeat(3_000);
        res.end('ok');
      };
      const answer = await host.get('/step', { cookie });
      expect([answer.status, codeOf(answer)]).toEqual([413, 'SESSION_TOO_LARGE']);
      expect(await store.get(tokenIn(cookie))).toMatchObject({ note: 'begun' });
    },
  );

  it('passes on what changed nothing, streams included, unchanged and in order', async () => {
    const cookie = await begun();
    step = (_req, res) => {
      res.write('one,');
      res.write('two,');
      res.end('three');
    };
    expect((await host.get('/step', { cookie })).text).toBe('one,two,three');
  });

  it('cuts an answer of which a part has left when a later change cannot be stored', async () => {
    const cookie = await begun();
    step = async (req, res) => {
      res.write('one');
      await store.destroy(req.sessionID);
      change(req);
      res.end('two');
    };
    await expect(host.get('/step', { cookie })).rejects.toThrow();
  });

  it('refuses to work over another store', async () => {
    await host.close();
    const memory = new expressSession.MemoryStore();
    host = await startExpressHost(
      memory,
      (_req, res) => res.end(),
      { secret: COOKIE_SECRET },
      { behind: [holdUntilStored()] },
    );
    expect((await host.get('/')).status).toBe(500);
    expect(host.errors[0]?.message).toMatch(/needs express-session with a RedisSessionStore/);
  });
});
