import { Controller, Get, Inject, Module, Param, Post, Req, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import { Cluster } from 'ioredis';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AuditModule } from '../../src/audit/index.js';
import { Database, DatabaseModule } from '../../src/database/index.js';
import { ProblemFilter } from '../../src/problem/index.js';
import { parseEnv } from '../../src/config/index.js';
import { createRedisClient } from '../../src/redis/index.js';
import { requestSession, SessionModule, SessionService } from '../../src/session/index.js';
import { UsersModule, UsersService } from '../../src/users/index.js';

const SECRET = 'cookie-secret-of-the-outbox-specification';
const INDEX_KEY = 'index-key-of-the-outbox-specification-1';

/** While `until` is set, a password change waits for it between its commit and the sessions. */
export const passwordChangeHold: { until?: Promise<void> | undefined } = {};

/** While `until` is set, a login says that it has read the credentials and waits. */
export const loginHold: { until?: Promise<void> | undefined; read?: () => void } = {};

@Controller()
class HostController {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  @Post('login/:userId')
  async login(@Req() req: Request, @Param('userId') userId: string) {
    const ticket = await this.sessions.takeTicket(userId);
    const found = await this.users.findCredentials(userId);
    if (!found || found.user.disabled) return {};
    if (loginHold.until) loginHold.read?.();
    await loginHold.until;
    const { token } = await this.sessions.establish(req, {
      principal: found.user,
      ticket,
      transport: 'bearer',
    });
    return { token };
  }

  @Get('me')
  me(@Req() req: Request) {
    return { roles: requestSession(req)?.principal.roles ?? null };
  }

  @Post('password/:hash')
  async password(@Req() req: Request, @Param('hash') hash: string) {
    let token: string | undefined;
    await this.users.changePassword(requestSession(req)?.userId ?? '', hash, {
      apply: async () => {
        await passwordChangeHold.until;
        ({ token } = await this.sessions.rotate(req, { revokeOthers: true }));
      },
    });
    return { token };
  }
}

/** An instance of a program with the users' modules, listening on loopback. */
export interface UsersHost {
  stop(): Promise<void>;
  users: UsersService;
  sessions: SessionService;
  database: Database;
  send(
    method: string,
    path: string,
    token?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

/** Starts one; Redis may be away. Its accounts log in without a password, and their hash is what they say it is. */
export async function startUsersHost(
  databaseUrl: string,
  redisSettings: Record<string, string>,
): Promise<UsersHost> {
  const { redis } = parseEnv({
    ...redisSettings,
    SESSION_SECRETS: SECRET,
    SESSION_INDEX_KEYS: INDEX_KEY,
  });
  const client = createRedisClient(redis);
  // Sentinels that are away are asked again and again, which settles nothing.
  await Promise.race([client.connect(), once(client, 'error')]).catch(() => undefined);
  // As the program does, which looks at every primary of a cluster before it uses one.
  if (client instanceof Cluster && client.status === 'ready')
    await Promise.all(client.nodes('master').map((node) => node.ping()));

  @Module({
    imports: [
      DatabaseModule.forRoot({ url: databaseUrl }),
      SessionModule.forRoot({
        client,
        secrets: [SECRET],
        indexKeys: [INDEX_KEY],
        isGlobal: true,
      }),
      UsersModule,
      AuditModule.forRoot({}),
    ],
    controllers: [HostController],
  })
  class HostModule {}

  const app: INestApplication = await NestFactory.create(HostModule, { logger: false });
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    async stop() {
      await app.close();
      client.disconnect();
    },
    users: app.get(UsersService),
    sessions: app.get(SessionService),
    database: app.get(Database),
    async send(method, path, token) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: token ? { authorization: `Bearer ${token}` } : {},
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}
