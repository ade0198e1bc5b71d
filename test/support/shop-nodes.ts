import { Controller, type DynamicModule, Get, Module, Post, Query, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { AppModule } from '../../src/app.module.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../../src/auth/index.js';
import { configureHttp, createLogger } from '../../src/http/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { UsersService } from '../../src/users/index.js';
import { PASSWORD, testEnv } from './app.js';
import { programMayOnly, startRedis, type TestRedis } from './redis-server.js';
import { Gate } from '../../src/testing/gate.js';
import { temporaryDirectory } from './temporary-directory.js';

/** An instance of the whole program, beside which a shop keeps carts in its sessions. */
export interface ShopNode {
  url: string;
  /** Where `POST /cart` waits with what it has put into the session. */
  carts: Gate;
  /** Where logins wait whose password was right. */
  logins: Gate;
}

/** Two instances on one Redis and one database. */
export interface ShopNodes {
  redis: TestRedis;
  nodes: [ShopNode, ShopNode];
  /** An account with {@link PASSWORD}. @returns its id */
  createUser(email: string, roles?: string[]): Promise<string>;
  close(): Promise<void>;
}

function shopController(gate: Gate) {
  const cartOf = (req: Request) => req.session as unknown as { cart?: string[] };

  @Controller('cart')
  class ShopController {
    @Post()
    async add(@Req() req: Request, @Query('item') item: string) {
      cartOf(req).cart = [...(cartOf(req).cart ?? []), item];
      await gate.pass();
      return { cart: cartOf(req).cart };
    }

    @Get()
    list(@Req() req: Request) {
      return { cart: cartOf(req).cart ?? [] };
    }
  }
  return ShopController;
}

export async function startShopNodes(): Promise<ShopNodes> {
  const redis = await startRedis(programMayOnly());
  const directory = temporaryDirectory('lk-shop-');
  const env = testEnv(redis, directory);
  const apps: NestExpressApplication[] = [];

  const start = async (): Promise<ShopNode> => {
    const node = { url: '', carts: new Gate(), logins: new Gate() };
    @Module({})
    class ShopModule {
      static forRoot(): DynamicModule {
        return {
          module: ShopModule,
          imports: [AppModule.forRoot(env)],
          controllers: [shopController(node.carts)],
        };
      }
    }
    // As create-app.ts does it.
    const app = await NestFactory.create<NestExpressApplication>(ShopModule.forRoot(), {
      bodyParser: false,
      logger: false,
    });
    configureHttp(app, {
      ...env,
      logger: createLogger(env.logLevel),
      cookieName: env.cookie.name,
      observe: app.get(Metrics).observeRequest,
    });
    const { hasher } = app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
    const verify = hasher.verify.bind(hasher);
    hasher.verify = async (...args) => {
      const right = await verify(...args);
      await node.logins.pass();
      return right;
    };
    await app.listen(env.port, env.host);
    apps.push(app);
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    node.url = `http://127.0.0.1:${port}`;
    return node;
  };
  const nodes: [ShopNode, ShopNode] = [await start(), await start()];

  return {
    redis,
    nodes,
    async createUser(email, roles = []) {
      const app = apps[0] as NestExpressApplication;
      const { hasher } = app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
      const passwordHash = await hasher.hash(PASSWORD);
      const users = app.get(UsersService, { strict: false });
      return (await users.create({ email, displayName: null, passwordHash, roles })).id;
    },
    async close() {
      for (const app of apps) await app.close();
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
