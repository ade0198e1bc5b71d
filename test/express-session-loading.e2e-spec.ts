import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionStoreUnavailableError } from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { signCookie } from '../src/session/token/signed-cookie.js';
import {
  COOKIE_SECRET,
  type ExpressHost,
  sleep,
  startExpressHost,
  tokenIn,
} from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Visits = SessionData & { visits?: number };

describe('express-session loads a session from the store', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;
  let host: ExpressHost | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    store = new RedisSessionStore({ client });
  });
  afterEach(() => host?.close());

  const visit = (req: Request, res: Response) => {
    const session = req.session as Visits;
    session.visits = (session.visits ?? 0) + 1;
    res.end(String(session.visits));
  };
  const recordKey = (token: string) => {
    const at = addressOf(token);
    return `lk:sess:{${at.tag}}:${at.digest}`;
  };

  it('gives every visitor a session of his own and finds it again by its cookie', async () => {
    host = await startExpressHost(store, visit);
    const [one, other] = [await host.get(), await host.get()];
    expect(one.cookie).not.toBe(other.cookie);
    expect((await host.get('/', { cookie: one.cookie })).text).toBe('2');
    expect((await host.get('/', { cookie: one.cookie })).text).toBe('3');
    expect((await host.get('/', { cookie: other.cookie })).text).toBe('2');
    expect(await store.length()).toBe(2);
  });

  it('is req.sessionStore, and shows in the session nothing but its data and its cookie', async () => {
    let shown: { keys: string[]; isOurs: boolean; id: boolean } | undefined;
    host = await startExpressHost(store, (req, res) => {
      (req.session as Visits).visits ??= 1;
      const keys: string[] = [];
      for (const key in req.session) keys.push(key);
      shown = { keys, isOurs: req.sessionStore === store, id: req.session.id === req.sessionID };
      res.end();
    });
    const { cookie } = await host.get();
    await host.get('/', { cookie });
    expect(shown).toEqual({ keys: ['cookie', 'visits'], isOurs: true, id: true });
  });

  it('makes a new id for a cookie whose session is not there, and never takes the id from the client', async () => {
    host = await startExpressHost(store, visit);
    const { cookie } = await host.get();
    await store.clear();
    const answer = await host.get('/', { cookie });
    expect(answer.text).toBe('1');
    expect(tokenIn(answer.cookie)).not.toBe(tokenIn(cookie));
    expect(await store.length()).toBe(1);
  });

  it('does not ask Redis about a cookie that is not signed, or not by us', async () => {
    host = await startExpressHost(store, (req, res) => res.end(req.sessionID));
    const token = newSessionToken();
    await store.set(token, { cookie: { originalMaxAge: null } });
    await client.config('RESETSTAT');
    for (const value of [
      token,
      `s:${token}`,
      signCookie(token, 'another secret'),
      `s:${token}.`,
      's:.',
      'x',
    ]) {
      const answer = await host.get('/', { cookie: `connect.sid=${value}` });
      expect(answer.text).not.toBe(token);
    }
    expect(await client.info('commandstats')).not.toMatch(/cmdstat_m?get:/);
    expect((await host.get('/', { cookie: `connect.sid=${signCookie(token, COOKIE_SECRET)}` })).text).toBe(
      token,
    );
  });

  it('treats an expired session as none, and nothing of it is left', async () => {
    host = await startExpressHost(store, visit, { cookie: { maxAge: 40 } });
    const { cookie } = await host.get();
    await sleep(60);
    const answer = await host.get('/', { cookie });
    expect(answer.text).toBe('1');
    expect(tokenIn(answer.cookie)).not.toBe(tokenIn(cookie));
    expect(await store.get(tokenIn(cookie))).toBeNull();
    expect(await client.exists(recordKey(tokenIn(cookie)))).toBe(0);
  });

  it('treats a corrupt record as no session, not as an error', async () => {
    host = await startExpressHost(store, visit);
    const { cookie } = await host.get();
    for (const record of ['', '{}', `1${'0'.repeat(62)}{`, `1${'9'.repeat(62)}null`]) {
      await client.set(recordKey(tokenIn(cookie)), record);
      expect((await host.get('/', { cookie })).text).toBe('1');
    }
    expect(host.errors).toEqual([]);
  });

  it('hands a failure to load to the error handler, and logs nobody out by it', async () => {
    host = await startExpressHost(store, visit);
    const { cookie } = await host.get();
    client.disconnect();
    const answer = await host.get('/', { cookie });
    expect(answer.status).toBe(500);
    expect(answer.cookie).toBe('');
    expect(host.errors[0]).toBeInstanceOf(SessionStoreUnavailableError);
    await client.connect();
    expect((await host.get('/', { cookie })).text).toBe('2');
  });

  it('does not let data stand in for the members of a session', async () => {
    host = await startExpressHost(store, (req, res) => {
      res.end(
        JSON.stringify([
          typeof req.session.save,
          typeof req.session.id,
          typeof req.session.regenerate,
          Object.keys(req.session),
        ]),
      );
    });
    const token = newSessionToken();
    const data = {
      cookie: { originalMaxAge: null },
      save: 1,
      id: 2,
      req: 3,
      regenerate: 4,
      toString: 5,
      name: 'ada',
    };
    await store.set(token, data);
    expect(await store.get(token)).toMatchObject({ save: 1, id: 2, req: 3, name: 'ada' });
    const answer = await host.get('/', { cookie: `connect.sid=${signCookie(token, COOKIE_SECRET)}` });
    expect(JSON.parse(answer.text)).toEqual(['function', 'string', 'function', ['cookie', 'name']]);
  });

  it('reports a session that was stored without a cookie, as express-session does', async () => {
    host = await startExpressHost(store, visit);
    const { cookie } = await host.get();
    await store.destroy(tokenIn(cookie));
    await store.set(tokenIn(cookie), { visits: 1 } as never);
    expect((await host.get('/', { cookie })).status).toBe(500);
    expect(host.errors[0]).toBeInstanceOf(TypeError);
  });

  it('shares sessions between two applications, whatever each of them puts in', async () => {
    host = await startExpressHost(store, visit);
    const admin = await startExpressHost(new RedisSessionStore({ client }), (req, res) => {
      (req.session as SessionData & { note?: string }).note = 'seen';
      res.end(String((req.session as Visits).visits));
    });
    const { cookie } = await host.get();
    expect((await admin.get('/', { cookie })).text).toBe('1');
    await admin.close();
    expect((await host.get('/', { cookie })).text).toBe('2');
    expect(await store.get(tokenIn(cookie))).toMatchObject({ visits: 2, note: 'seen' });
  });

  it('gives one session to a request that passes two session middlewares', async () => {
    const { default: expressSession } = await import('express-session');
    const again = expressSession({ secret: COOKIE_SECRET, resave: false, saveUninitialized: false, store });
    host = await startExpressHost(store, visit, {}, { behind: [again] });
    const answer = await host.get();
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    expect((await host.get('/', { cookie: answer.cookie })).text).toBe('2');
  });
});
