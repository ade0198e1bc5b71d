import type { NestExpressApplication } from '@nestjs/platform-express';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';

import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../../src/auth/index.js';
import { parseEnv, type Env } from '../../src/config/index.js';
import { createApp } from '../../src/create-app.js';
import type { SessionPrincipal } from '../../src/session/index.js';
import { UsersService } from '../../src/users/index.js';
import { programMayOnly, startRedis, type TestRedis } from './redis-server.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A password that the default policy takes. */
export const PASSWORD = 'nine small goats on a roof';

export interface TestApp {
  url: string;
  env: Env;
  app: NestExpressApplication;
  redis: TestRedis;
  /** What the program has logged, parsed, when `LOG_LEVEL` is set. */
  log: Record<string, unknown>[];
  /** An account made past HTTP, with {@link PASSWORD}. */
  createUser(user: { email: string; roles?: string[]; displayName?: string }): Promise<SessionPrincipal>;
  /** Closes the program, and the Redis it was started with, and removes their files. */
  close(): Promise<void>;
}

export interface StartAppOptions {
  /** Environment variables beside those a test needs anyway. */
  env?: Record<string, string>;
  /** A Redis that outlives the program; without it, it gets one of its own. */
  redis?: TestRedis;
  /** Whether its own Redis will be killed or frozen. */
  redisMayBreak?: boolean;
}

/** What a program of the tests is told: a Redis, a directory for its files, and what one test needs besides. */
export function testEnv(redis: TestRedis, directory: string, settings: Record<string, string> = {}): Env {
  return parseEnv({
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: directory,
    ...redis.settings,
    SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
    SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
    LOG_LEVEL: 'silent',
    // The least that argon2 does: suites log in hundreds of times.
    ARGON2_MEMORY_KIB: '1024',
    ...settings,
  });
}

/** Starts the whole program on a free loopback port, with a redis-server and an SQLite file of its own. */
export async function startApp({
  env: settings = {},
  redis,
  redisMayBreak = false,
}: StartAppOptions = {}): Promise<TestApp> {
  const server = redis ?? (await startRedis(programMayOnly(), { mayBreak: redisMayBreak }));
  const directory = temporaryDirectory('lk-app-');
  const env = testEnv(server, directory, settings);
  const log: Record<string, unknown>[] = [];
  const app = await createApp(env, {
    write: (line) => log.push(JSON.parse(line) as Record<string, unknown>),
  });
  await app.listen(env.port, env.host);
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return {
    url: `http://127.0.0.1:${port}`,
    env,
    app,
    redis: server,
    log,
    async createUser({
      email,
      roles = [],
      displayName = null,
    }: {
      email: string;
      roles?: string[];
      displayName?: string | null;
    }) {
      const { hasher } = app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
      const passwordHash = await hasher.hash(PASSWORD);
      return app.get(UsersService, { strict: false }).create({ email, displayName, passwordHash, roles });
    },
    async close() {
      await app.close();
      if (redis === undefined) await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
