import { Body, Controller, Get, HttpCode, Module, Post, Req, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import type { Redis } from 'ioredis';
import {
  AUTH_OPTIONS,
  AuthModule,
  AuthService,
  CurrentSession,
  CurrentUser,
  OptionalSession,
  originOf,
  Public,
  RecentLoginGuard,
  RedisLoginThrottle,
  RequireRecentLogin,
  Roles,
  RolesGuard,
  SecurityEvents,
  SessionGuard,
  type AuthModuleOptions,
  type ResolvedAuthOptions,
  type SecurityEvent,
} from '../../src/auth/index.js';
import type { QueuedHasher } from '../../src/auth/password/queued.hasher.js';
import { ProblemFilter } from '../../src/problem/index.js';
import {
  SessionModule,
  SessionService,
  type RequestSession,
  type SessionModuleOptions,
  type SessionPrincipal,
} from '../../src/session/index.js';
import { MemoryUsers } from './memory-users.js';

/** Keeps what happened. */
export class MemoryEvents extends SecurityEvents {
  readonly events: SecurityEvent[] = [];
  /** Rejects while it is set. */
  broken = false;

  async record(event: SecurityEvent): Promise<void> {
    if (this.broken) throw new Error('the trail is full');
    this.events.push(event);
  }
}

@Controller()
class HostController {
  constructor(
    private readonly auth: AuthService,
    private readonly users: MemoryUsers,
  ) {}

  @OptionalSession()
  @Get('greeting')
  greeting(@Req() req: Request, @CurrentUser() user?: SessionPrincipal) {
    return {
      user: user?.email ?? null,
      passport: req.isAuthenticated(),
      sameUser: (req.user as SessionPrincipal | undefined) === user,
    };
  }

  @Get('mine')
  mine(@CurrentSession() session: RequestSession) {
    return { sessionId: session.sessionId, profile: session.profile };
  }

  @Roles('admin')
  @Get('administration')
  administration() {
    return {};
  }

  @RequireRecentLogin()
  @Post('destruction')
  destruction() {
    return {};
  }

  /** As the callback of an external identity provider would. */
  @Public()
  @Post('external-login')
  async externalLogin(@Req() req: Request, @Body() { userId }: { userId: string }) {
    const credentials = await this.users.findCredentials(userId);
    if (!credentials) throw new Error('unknown');
    const { session, token } = await this.auth.establishSession(req, credentials.user);
    return { sessionId: session.id, token, passport: req.isAuthenticated() };
  }

  @Public()
  @Post('forgot')
  @HttpCode(202)
  async forgot(@Req() req: Request, @Body() { email }: { email: string }): Promise<void> {
    await this.auth.requestPasswordReset(req, email);
  }

  @Public()
  @Post('reset')
  @HttpCode(204)
  async reset(@Req() req: Request, @Body() body: { token: string; newPassword: string }): Promise<void> {
    await this.auth.resetPassword(body.token, body.newPassword, originOf(req));
  }

  @Public()
  @Post('passport-login')
  async passportLogin(@Req() req: Request, @Body() { userId }: { userId: string }) {
    const credentials = await this.users.findCredentials(userId);
    await new Promise<void>((resolve, reject) =>
      req.logIn(credentials?.user ?? {}, (error) => (error ? reject(error as Error) : resolve())),
    );
    return { passport: req.isAuthenticated() };
  }

  @Post('passport-logout')
  async passportLogout(@Req() req: Request) {
    await new Promise<void>((resolve, reject) =>
      req.logOut((error) => (error ? reject(error as Error) : resolve())),
    );
    return { passport: req.isAuthenticated() };
  }
}

/** A host application that brings its own users and listens. */
export interface AuthHost {
  url: string;
  users: MemoryUsers;
  trail: MemoryEvents;
  auth: AuthService;
  /** What waits to be hashed. */
  queue: QueuedHasher;
  sessions: SessionService;
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
}

/** What a host decides beside the options of AuthModule. */
export interface HostSettings {
  cookie?: { name: string; secure: boolean };
  /** What it tells SessionModule besides. */
  session?: Partial<SessionModuleOptions>;
  /** What it does with its Express application before it listens. */
  configure?: (app: NestExpressApplication) => void;
  /** Routes beside those that every one of these hosts has. */
  controllers?: Type[];
}

/** Starts one on a Redis client; argon2 is cheap in it. */
export async function startAuthHost(
  client: Redis,
  options: Partial<AuthModuleOptions> = {},
  { cookie = { name: 'sid', secure: false }, session = {}, configure, controllers = [] }: HostSettings = {},
): Promise<AuthHost> {
  const users = new MemoryUsers();
  const trail = new MemoryEvents();
  const root: Type = class HostModule {};
  Module({
    imports: [
      SessionModule.forRoot({
        isGlobal: true,
        client,
        secrets: ['a-session-secret-of-the-tests-only'],
        indexKeys: ['an-index-key-of-the-tests-and-only'],
        cookie,
        ...session,
      }),
      AuthModule.forRootAsync({
        useFactory: () => ({
          userStore: users,
          throttle: new RedisLoginThrottle({ client }),
          events: trail,
          registration: 'open',
          argon2: { memoryKib: 1024, timeCost: 2, parallelism: 1 },
          cookie,
          ...options,
        }),
      }),
    ],
    controllers: [HostController, ...controllers],
    providers: [
      { provide: MemoryUsers, useValue: users },
      { provide: APP_GUARD, useClass: SessionGuard },
      { provide: APP_GUARD, useClass: RolesGuard },
      { provide: APP_GUARD, useClass: RecentLoginGuard },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  })(root);
  const app = await NestFactory.create<NestExpressApplication>(root, {
    logger: ['error'],
    abortOnError: false,
  });
  configure?.(app);
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const sessions = app.get(SessionService);
  users.revokeAll = (userId) => sessions.revokeAll(userId);
  return {
    url,
    users,
    trail,
    sessions,
    auth: app.get(AuthService),
    queue: app.get<ResolvedAuthOptions>(AUTH_OPTIONS).hasher,
    call: (method, path, { body, headers = {} } = {}) =>
      fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    close: () => app.close(),
  };
}
