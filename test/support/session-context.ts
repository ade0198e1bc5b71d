import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';

import {
  SESSION_STORE,
  SessionModule,
  SessionService,
  type RedisSessionStore,
  type SessionModuleOptions,
} from '../../src/session/index.js';
import { addressOf, newSessionToken } from '../../src/session/token/session-id.js';

const MINUTE_MS = 60_000;

/** The session module of one node, without HTTP. */
export interface SessionContext {
  app: INestApplicationContext;
  sessions: SessionService;
  store: RedisSessionStore;
  /** Makes a session of a user, as a login would. @returns its id, as the API has it */
  logIn(userId: string): Promise<string>;
  close(): Promise<void>;
}

export async function startSessionContext(
  client: Redis | Cluster,
  options: Partial<SessionModuleOptions> = {},
): Promise<SessionContext> {
  const module = SessionModule.forRoot({
    client,
    secrets: ['a-session-secret-of-the-tests-only'],
    indexKeys: ['an-index-key-of-the-tests-and-only'],
    ...options,
  });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const store = app.get<RedisSessionStore>(SESSION_STORE);
  const { engine } = store;
  return {
    app,
    sessions: app.get(SessionService),
    store,
    async logIn(userId) {
      const at = addressOf(newSessionToken(engine.ring.current(userId)));
      const body = engine.bodyOf(undefined, { cookie: {}, passport: { user: { id: userId, roles: [] } } });
      const limits = { idleTimeoutMs: 30 * MINUTE_MS, absoluteTimeoutMs: 60 * MINUTE_MS };
      const created = await engine.repository.create(at, body, {
        ...limits,
        maxSessions: 100,
        limitPolicy: 'reject',
      });
      if (created.outcome !== 'ok') throw new Error(`no session for ${userId}: ${created.outcome}`);
      return engine.ring.handle(at.digest);
    },
    close: () => app.close(),
  };
}
