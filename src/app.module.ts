import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, ModuleRef } from '@nestjs/core';
import type { Cluster, Redis } from 'ioredis';
import { join } from 'node:path';

import { AdminModule, type AdminModuleOptions } from './admin/index.js';
import { AuditModule, AuditTrail, SessionSamplesRepository } from './audit/index.js';
import {
  AuthModule,
  PwnedPasswordsRange,
  RecentLoginGuard,
  RedisAnonymousSessionLimiter,
  RedisLoginThrottle,
  RolesGuard,
  SessionGuard,
  type AuthModuleOptions,
} from './auth/index.js';
import type { Env } from './config/index.js';
import { DatabaseModule } from './database/index.js';
import { HealthModule } from './health/index.js';
import { HttpModule, knownOrigins } from './http/index.js';
import { JournalModule, SqlRevocationJournal } from './journal/index.js';
import { createMailSender } from './mail/index.js';
import { MeteredSecurityEvents, Metrics, MetricsModule } from './metrics/index.js';
import { ProblemFilter } from './problem/index.js';
import { REDIS_CLIENT, RedisModule } from './redis/index.js';
import { SessionModule, type SessionModuleOptions } from './session/index.js';
import { OneTimeTokensRepository, UsersModule, UsersService } from './users/index.js';

/** Paths, as Nest's `exclude` takes them, that need no session and must answer when Redis does not. */
export const SESSIONLESS_PATHS = ['health/{*path}', 'metrics'];

/** The program, put together from its settings. The only place that binds guards and filters for every route. */
@Module({})
export class AppModule {
  /**
   * @param options.waitForDatabase whether a PostgreSQL that does not answer yet is waited for, or a reason to fail
   * @param options.redisMayBeAway whether to start without a Redis that is not there yet and wait for it meanwhile
   */
  static forRoot(env: Env, { waitForDatabase = false, redisMayBeAway = false } = {}): DynamicModule {
    // One object: Nest takes two equal ones for two modules, and there would be two trails.
    const audit = AuditModule.forRoot({});
    return {
      module: AppModule,
      imports: [
        HttpModule,
        RedisModule.forRoot({ settings: env.redis, production: env.production, mayBeAway: redisMayBeAway }),
        DatabaseModule.forRoot({ url: env.databaseUrl, waitForServer: waitForDatabase }),
        MetricsModule.forRoot({ ...env.metrics, onMainPort: !env.production }),
        SessionModule.forRootAsync({
          isGlobal: true,
          exclude: SESSIONLESS_PATHS,
          imports: [JournalModule],
          inject: [REDIS_CLIENT, Metrics, ModuleRef, SqlRevocationJournal],
          useFactory: (
            client: Redis | Cluster,
            metrics: Metrics,
            modules: ModuleRef,
            journal: SqlRevocationJournal,
          ): SessionModuleOptions => ({
            ...sessionOptions(env, client, metrics),
            journal,
            takeover: takeoverOptions(env, modules),
          }),
        }),
        AuthModule.forRootAsync({
          isGlobal: true,
          imports: [UsersModule, audit],
          inject: [UsersService, OneTimeTokensRepository, AuditTrail, REDIS_CLIENT, Metrics],
          useFactory: (
            users: UsersService,
            tokens: OneTimeTokensRepository,
            trail: AuditTrail,
            client: Redis | Cluster,
            metrics: Metrics,
          ) => authOptions(env, { users, tokens, trail, client, metrics }),
        }),
        AdminModule.forRootAsync({
          imports: [UsersModule, audit],
          inject: [UsersService, AuditTrail, SessionSamplesRepository],
          useFactory: (
            users: UsersService,
            events: AuditTrail,
            samples: SessionSamplesRepository,
          ): AdminModuleOptions => ({ users, events, samples }),
        }),
        HealthModule,
      ],
      providers: [{ provide: APP_FILTER, useClass: ProblemFilter }, ...GUARDS],
    };
  }
}

/** In the order in which they run: who is it, may he, has he proved it lately. */
const GUARDS: Provider[] = [SessionGuard, RolesGuard, RecentLoginGuard].map((guard) => ({
  provide: APP_GUARD,
  useExisting: guard,
}));

function sessionOptions(env: Env, client: Redis | Cluster, metrics: Metrics): SessionModuleOptions {
  return {
    client,
    secrets: env.sessionSecrets,
    indexKeys: env.sessionIndexKeys,
    prefix: env.sessionPrefix,
    cookie: { ...env.cookie, sameSite: 'lax' },
    lifetimes: env.lifetimes,
    touchIntervalMs: env.touchIntervalMs,
    durability: env.durability,
    maxSessions: env.sessionLimit,
    limitPolicy: env.sessionLimitPolicy,
    maxSessionBytes: env.sessionMaxBytes,
    carryOver: ['cart'],
    anonymousSessionLimiter: new RedisAnonymousSessionLimiter({
      client,
      prefix: env.sessionPrefix,
      perAddress: env.visitorsPerAddress,
    }),
    observer: metrics.sessions,
  };
}

/** Old sessions name their users by the ids that the accounts here have. */
function takeoverOptions({ takeover }: Env, modules: ModuleRef): SessionModuleOptions['takeover'] {
  // Asked for when it is needed: accounts tell the sessions of their changes, so they are made after them.
  const findPrincipal = (userId: string) => modules.get(UsersService, { strict: false }).find(userId);
  return takeover && { ...takeover, findPrincipal };
}

interface AuthParts {
  users: UsersService;
  tokens: OneTimeTokensRepository;
  trail: AuditTrail;
  client: Redis | Cluster;
  metrics: Metrics;
}

function authOptions(env: Env, { users, tokens, trail, client, metrics }: AuthParts): AuthModuleOptions {
  return {
    userStore: users,
    throttle: new RedisLoginThrottle({
      client,
      prefix: env.sessionPrefix,
      secrets: env.sessionSecrets,
      ...env.throttle,
    }),
    events: new MeteredSecurityEvents(trail, metrics.security),
    hashObserver: metrics.hashing,
    registration: env.registration,
    mailSender: createMailSender({
      ...env.mail,
      filesDir: env.production ? undefined : join(env.dataDir, 'mail'),
    }),
    oneTimeTokens: tokens,
    passwordMinLength: env.passwordMinLength,
    contextWords: env.passwordContextWords,
    ...(env.passwordBreachUrl && {
      breachedPasswords: new PwnedPasswordsRange({ url: env.passwordBreachUrl }),
    }),
    reauthWindowMs: env.reauthWindowMs,
    argon2: env.argon2,
    threadPoolSize: env.threadPoolSize,
    origins: knownOrigins(env),
  };
}
