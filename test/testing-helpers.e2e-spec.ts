import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, type INestApplication, Module, Post, Req } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import type { Redis } from 'ioredis';

import {
  CurrentUser,
  ProblemFilter,
  Roles,
  RolesGuard,
  AUTH_OPTIONS,
  SessionGuard,
  SessionModule,
  type SessionPrincipal,
  SessionService,
} from '../src/index.js';
import {
  expectRevokedEverywhere,
  Gate,
  loginAs,
  recordCommands,
  type RedisServer,
  startRedisServer,
} from '../src/testing/index.js';

// The application under test: what a host has in its src/.
const gate = new Gate();

@Controller()
class ShopController {
  constructor(private readonly sessions: SessionService) {}

  @Get('me')
  me(@CurrentUser() user: SessionPrincipal, @Req() req: Request) {
    return { email: user.email, cart: (req.session as { cart?: string[] }).cart ?? [] };
  }

  @Roles('clerk')
  @Get('stock')
  stock() {
    return {};
  }

  @Post('cart')
  async add(@Req() req: Request, @Body() { article }: { article: string }) {
    const session = req.session as { cart?: string[] };
    const seen = session.cart ?? [];
    await gate.pass(); // where a real handler waits for something
    session.cart = [...seen, article];
    return {};
  }

  @Post('leave-everywhere')
  async leave(@CurrentUser() user: SessionPrincipal) {
    return this.sessions.revokeAll(user.id);
  }
}

async function startShop(client: Redis): Promise<{ app: INestApplication; url: string }> {
  @Module({
    imports: [
      SessionModule.forRoot({
        client,
        secrets: ['a secret of the tests of a host of ours'],
        indexKeys: ['an index key of the tests of such a host'],
        cookie: { name: 'sid', secure: false },
      }),
    ],
    controllers: [ShopController],
    providers: [
      // What RolesGuard needs of AuthModule.
      { provide: AUTH_OPTIONS, useValue: { adminRole: 'admin' } },
      { provide: APP_FILTER, useClass: ProblemFilter },
      { provide: APP_GUARD, useClass: SessionGuard },
      { provide: APP_GUARD, useClass: RolesGuard },
    ],
  })
  class ShopModule {}
  const app = await NestFactory.create(ShopModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}` };
}

describe('a shop, tested with what latchkey/testing has', () => {
  let redis: RedisServer;
  let near: Awaited<ReturnType<typeof startShop>>;
  let far: typeof near;

  beforeAll(async () => {
    redis = await startRedisServer();
    near = await startShop(redis.client());
    far = await startShop(redis.client());
  });
  afterAll(async () => {
    await Promise.all([near.app.close(), far.app.close()]);
    await redis.stop();
  });
  beforeEach(() => redis.client().flushall());

  it('knows who is logged in, on every node, by cookie and by bearer', async () => {
    const ada = { id: 'ada', email: 'ada@shop.example' };
    for (const transport of ['cookie', 'bearer'] as const) {
      const { headers } = await loginAs(near.app, ada, { transport, data: { cart: ['tea'] } });
      const answer = await fetch(`${far.url}/me`, { headers });
      expect(await answer.json()).toEqual({ email: 'ada@shop.example', cart: ['tea'] });
    }
  });

  it('shows the stock to clerks only', async () => {
    const clerk = await loginAs(near.app, { id: 'cleo', roles: ['clerk'] });
    const customer = await loginAs(near.app, 'ada');
    expect((await fetch(`${near.url}/stock`, clerk)).status).toBe(200);
    expect((await fetch(`${near.url}/stock`, customer)).status).toBe(403);
    expect((await fetch(`${near.url}/stock`)).status).toBe(401);
  });

  it('costs one command per request', async () => {
    const ada = await loginAs(near.app, 'ada');
    const recorder = await recordCommands(redis);
    expect(await recorder.during(() => fetch(`${near.url}/me`, ada))).toEqual(['mget']);
  });

  it('keeps both of two articles that are added at the same time', async () => {
    const ada = await loginAs(near.app, 'ada');
    const add = (node: string, article: string) =>
      fetch(`${node}/cart`, {
        method: 'POST',
        headers: { ...ada.headers, 'content-type': 'application/json' },
        body: JSON.stringify({ article }),
      });
    // Both handlers have seen the same cart before either of them goes on.
    const { open, waiting } = gate.close(2);
    const answers = [add(near.url, 'tea'), add(far.url, 'coffee')];
    await waiting;
    open();
    await Promise.all(answers);
    const { cart } = (await (await fetch(`${near.url}/me`, ada)).json()) as { cart: string[] };
    expect(cart.sort()).toEqual(['coffee', 'tea']);
  });

  it('logs out everywhere', async () => {
    const phone = await loginAs(near.app, 'ada', { transport: 'bearer' });
    const browser = await loginAs(far.app, 'ada');
    const bob = await loginAs(near.app, 'bob');
    await fetch(`${near.url}/leave-everywhere`, { method: 'POST', ...browser });
    for (const login of [phone, browser])
      await expectRevokedEverywhere(login, [near.app, far.app, `${near.url}/me`, `${far.url}/me`]);
    expect((await fetch(`${far.url}/me`, bob)).status).toBe(200);
  });

  it('answers 503 while Redis does not answer, and goes on afterwards', async () => {
    const careful = await startShop(redis.client({ commandTimeout: 200 }));
    const ada = await loginAs(careful.app, 'ada');
    redis.freeze();
    expect((await fetch(`${careful.url}/me`, ada)).status).toBe(503);
    redis.thaw();
    let status = 503;
    while (status === 503) ({ status } = await fetch(`${careful.url}/me`, ada));
    expect(status).toBe(200);
    await careful.app.close();
  });

  it('has a gate that holds whoever comes until it is opened, and nobody afterwards', async () => {
    const passed: string[] = [];
    const pass = async (name: string) => {
      await gate.pass();
      passed.push(name);
    };
    const { open, waiting } = gate.close(2);
    const passing = [pass('first'), pass('second')];
    await waiting;
    expect(passed).toEqual([]);
    gate.letOthersPass();
    await pass('third');
    expect(passed).toEqual(['third']);
    open();
    await Promise.all([...passing, pass('fourth')]);
    expect(passed.sort()).toEqual(['first', 'fourth', 'second', 'third']);
  });

  it('hears from expectRevokedEverywhere which nodes still accept a session', async () => {
    const ada = await loginAs(near.app, 'ada');
    const complaint = await expectRevokedEverywhere(ada, [near.app, `${far.url}/me`]).catch(String);
    expect(complaint).toMatch(
      /^AssertionError.*: The session of ada has not ended everywhere: node 0 accepts it;/,
    );
    expect(complaint).toMatch(/me answers 200\.$/);
    await expect(expectRevokedEverywhere(ada, [])).rejects.toThrow('at least one node');
    // Signed with other secrets it would be refused, and say nothing.
    const forged = { ...ada, headers: { cookie: 'sid=s%3Anobody.forged' } };
    await expect(expectRevokedEverywhere(forged, [near.app])).rejects.toThrow('does not know its signature');
  });
});
