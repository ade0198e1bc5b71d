import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import express from 'express';
import session from 'express-session';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { RedisSessionStore } from '../src/index.js';
import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, SECRET, startSessionHost, type SessionHost } from './support/session-host.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

/** A host's client, as docs/operations.md says it should be. */
const OPTIONS = {
  path: undefined,
  host: '127.0.0.1',
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  retryStrategy: () => 20,
};

describe('an outage, to the application of somebody else', () => {
  let redis: TestRedis;
  let proxy: TcpProxy;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    proxy = await startTcpProxy({ path: redis.socket });
    client = redis.client({ ...OPTIONS, port: proxy.port });
    await once(client, 'ready');
  });
  afterEach(async () => {
    client.disconnect();
    await poll(() => Promise.resolve(client.status === 'end'));
    await proxy.close();
  });

  describe('with SessionModule', () => {
    let host: SessionHost;
    beforeEach(async () => {
      host = await startSessionHost(client);
    });
    afterEach(() => host.close());

    it('turns an answer that waits for its session into a 503, and loses nothing that was stored', async () => {
      const cookie = await host.login();
      await host.call('POST', '/cart?item=tea', { cookie });
      const { open, waiting } = host.gate.close();
      const answer = host.call('POST', '/cart?item=milk', { cookie });
      await waiting;
      proxy.silence();
      const startMs = performance.now();
      open();
      const refused = await answer;
      expect([refused.status, await codeOf(refused)]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
      expect(performance.now() - startMs).toBeLessThan(1_500);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(refused.headers.getSetCookie()).toEqual([]);
      // Lost on the way, with its connection; what is only late would still be executed.
      proxy.cut();
      proxy.heal();
      await poll(async () => (await host.call('GET', '/me', { cookie })).status === 200);
      expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
    });

    it('is told once that Redis is too slow, when, and that it is over', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
      const cookie = await host.login();
      const me = async () => (await host.call('GET', '/me', { cookie })).status;
      proxy.delay({ down: 700 });
      expect(await Promise.all([me(), me(), me()])).toEqual([503, 503, 503]);
      proxy.heal();
      await poll(async () => (await me()) === 200);
      const said = (spy: typeof warn) => spy.mock.calls.flat().filter((line) => /in time/.test(String(line)));
      expect(said(warn)).toEqual(['Redis does not answer in time; requests that need it get 503.']);
      expect(said(log)).toEqual(['Redis answers in time again.']);

      await (await startSessionHost(redis.client())).close();
      expect(warn.mock.calls.at(-1)?.[0]).toMatch(/has no commandTimeout/);
      jest.restoreAllMocks();
    });

    it('lets an answer that has begun go on to its end', async () => {
      const cookie = await host.login();
      const { open, waiting } = host.gate.close();
      const answer = await Promise.all([host.call('GET', '/stream', { cookie }), waiting]);
      proxy.silence();
      proxy.cut();
      open();
      expect(await answer[0].text()).toBe(`${'a'.repeat(1_000)}${'b'.repeat(1_000)}c`);
    });

    it('cuts an answer that has begun when its session cannot be stored any more', async () => {
      const cookie = await host.login();
      const { open, waiting } = host.gate.close();
      const answer = await Promise.all([host.call('GET', '/late', { cookie }), waiting]);
      proxy.silence();
      open();
      expect(answer[0].status).toBe(200);
      await expect(answer[0].text()).rejects.toThrow();
    });
  });

  it('never reaches a handler as a request without a session, though the host relays what its client says', async () => {
    const store = new RedisSessionStore({ client });
    for (const event of ['connect', 'close', 'end', 'error']) {
      client.on(event, () => {
        store.emit(event === 'connect' ? 'connect' : 'disconnect');
      });
    }
    const app = express();
    app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: true }));
    app.get('/', (req, res) => {
      res.status(req.session === undefined ? 500 : 200).end();
    });
    app.use(((_error, _req, res, _next) => res.status(503).end()) satisfies express.ErrorRequestHandler);
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const ask = async (headers = {}) =>
      fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
    try {
      const cookie = (await ask()).headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const closed = once(client, 'close');
      proxy.refuse();
      proxy.cut();
      await closed.catch(() => undefined);
      await poll(() => Promise.resolve(client.status !== 'ready'));
      for (let i = 0; i < 5; i += 1) expect((await ask({ cookie })).status).toBe(503);
      proxy.heal();
      await poll(async () => (await ask({ cookie })).status === 200);
    } finally {
      server.close();
    }
  });
});
