import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { AdminModule, EventDirectory, UserDirectory } from '../src/admin/index.js';
import {
  AuthModule,
  RecentLoginGuard,
  RedisLoginThrottle,
  RolesGuard,
  SessionGuard,
} from '../src/auth/index.js';
import { SessionModule } from '../src/session/index.js';
import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { MemoryUsers } from './support/memory-users.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

/** Answers nothing: what this host answers with is not looked at. */
const nothing = new Proxy({}, { get: () => () => Promise.reject(new Error('not here')) });

describe('a host with neither the filter nor any middleware of ours', () => {
  let redis: TestRedis;
  let app: NestExpressApplication;
  let url: string;
  const users = new MemoryUsers();

  beforeAll(async () => {
    redis = await startRedis();
    const client = redis.client();
    const host: Type = class HostModule {};
    Module({
      imports: [
        SessionModule.forRoot({
          isGlobal: true,
          client,
          secrets: ['a-session-secret-of-the-tests-only'],
          indexKeys: ['an-index-key-of-the-tests-and-only'],
        }),
        AuthModule.forRoot({
          isGlobal: true,
          userStore: users,
          throttle: new RedisLoginThrottle({ client }),
          registration: 'open',
          argon2: { memoryKib: 1024, timeCost: 2, parallelism: 1 },
        }),
        AdminModule.forRoot({ users: nothing as UserDirectory, events: nothing as EventDirectory }),
      ],
      providers: [SessionGuard, RolesGuard, RecentLoginGuard].map((guard) => ({
        provide: APP_GUARD,
        useClass: guard,
      })),
    })(host);
    app = await NestFactory.create<NestExpressApplication>(host, { logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  const routes = (): { method: string; path: string }[] => {
    const { router } = app.getHttpAdapter().getInstance() as {
      router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
    };
    return router.stack.flatMap(({ route }) =>
      route === undefined
        ? []
        : Object.keys(route.methods).map((method) => ({ method: method.toUpperCase(), path: route.path })),
    );
  };

  it('forbids caches to keep any answer of our routes, refusals by guards and failures included', async () => {
    const admin = new BearerClient(url);
    await admin.login({ email: 'admin@example.com', password: PASSWORD }, '/auth/register');
    const { id } = (await users.findByEmail('admin@example.com')) as { id: string };
    const account = users.accounts.get(id);
    if (account) users.accounts.set(id, { ...account, user: { ...account.user, roles: ['admin'] } });
    const seen = new Set<number>();
    expect(routes().length).toBeGreaterThan(15);
    for (const { method, path } of routes()) {
      await admin.login({ email: 'admin@example.com', password: PASSWORD });
      for (const client of [new BearerClient(url), admin]) {
        const { status, headers } = await client.request(method, path.replace(/:\w+/g, 'x'));
        seen.add(status);
        const cached = headers.get('cache-control');
        expect({ method, path, status, cached }).toEqual({ method, path, status, cached: 'no-store' });
      }
    }
    for (const path of ['/auth', '/auth/', '/auth/nothing', '/AUTH/session', '/admin/nothing/at/all']) {
      const { headers } = await admin.get(path);
      expect([path, headers.get('cache-control')]).toEqual([path, 'no-store']);
    }
    expect([...seen].sort()).toEqual(expect.arrayContaining([200, 204, 400, 401, 500]));
  });
});
