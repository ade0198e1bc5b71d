import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import {
  AuthModule,
  type AuthModuleOptions,
  InvalidOptionsError,
  RedisAnonymousSessionLimiter,
  RedisLoginThrottle,
  RedisOneTimeTokenStore,
  SessionModule,
  type SessionModuleOptions,
} from '../src/index.js';
import { MemoryUsers } from './support/memory-users.js';

const secret = () => randomBytes(32).toString('base64url');

describe('a host that has put something wrong into its modules', () => {
  let client: Redis;
  beforeEach(() => {
    client = new Redis({ lazyConnect: true, enableOfflineQueue: false });
  });
  afterEach(() => client.disconnect());

  const sessions = (more: object = {}): SessionModuleOptions => ({
    client,
    secrets: [secret()],
    indexKeys: [secret()],
    ...more,
  });
  const auth = (more: object = {}): AuthModuleOptions => ({
    userStore: new MemoryUsers(),
    throttle: new RedisLoginThrottle({ client }),
    ...more,
  });

  /** What the host is told. */
  async function failureOf(...imports: DynamicModule[]): Promise<unknown> {
    const root: Type = class HostModule {};
    Module({ imports })(root);
    const app = await NestFactory.create(root, { logger: false, abortOnError: false }).catch(
      (error: unknown) => error,
    );
    if (!(app instanceof Error)) await (app as { close(): Promise<void> }).close();
    return app;
  }

  it('is told at start what is misspelt, by the module that was given it', async () => {
    const right = SessionModule.forRoot({ isGlobal: true, ...sessions() });
    const misspelt = { maxSession: 3 };
    const failure = await failureOf(SessionModule.forRootAsync({ useFactory: () => sessions(misspelt) }));
    expect(failure).toBeInstanceOf(InvalidOptionsError);
    expect(failure).toMatchObject({
      problems: ['maxSession: there is no such option; is maxSessions meant?'],
    });
    const other = await failureOf(right, AuthModule.forRootAsync({ useFactory: () => auth({ trottle: 1 }) }));
    expect(String(other)).toContain(
      'AuthModule cannot start:\n- trottle: there is no such option; is throttle',
    );
  });

  it('is told that a factory has returned nothing', async () => {
    const nothing = { useFactory: () => undefined as unknown as SessionModuleOptions };
    expect(String(await failureOf(SessionModule.forRootAsync(nothing)))).toContain(
      'a factory has to return one',
    );
  });

  it('is told when the two modules have different cookies', async () => {
    const failure = await failureOf(
      SessionModule.forRoot({ isGlobal: true, ...sessions({ cookie: { name: 'sid', secure: false } }) }),
      AuthModule.forRoot(auth({ cookie: { name: 'other', secure: false } })),
    );
    expect(String(failure)).toContain("- cookie: is another one than SessionModule's");
  });

  it('is told that AuthModule needs SessionModule, and how', async () => {
    const needs = /import SessionModule\.forRoot\(\{ isGlobal: true/;
    expect(String(await failureOf(AuthModule.forRoot(auth())))).toMatch(needs);
    const local = SessionModule.forRoot(sessions());
    expect(String(await failureOf(local, AuthModule.forRoot(auth())))).toMatch(needs);
  });

  it('may leave the cookie to SessionModule', async () => {
    const cookie = { name: 'sid', secure: false };
    const started = await failureOf(
      SessionModule.forRoot({ isGlobal: true, ...sessions({ cookie }) }),
      AuthModule.forRoot(auth()),
    );
    expect(started).not.toBeInstanceOf(Error);
  });

  it.each<[string, (given: object) => unknown]>([
    ['RedisLoginThrottle', (given) => new RedisLoginThrottle(given as never)],
    ['RedisAnonymousSessionLimiter', (given) => new RedisAnonymousSessionLimiter(given as never)],
    ['RedisOneTimeTokenStore', (given) => new RedisOneTimeTokenStore(given as never)],
  ])('is told what %s needs', (name, make) => {
    expect(() => make({ Client: client })).toThrow(InvalidOptionsError);
    expect(() => make({ Client: client })).toThrow(
      `${name} cannot be made:\n- Client: there is no such option; is client meant?\n- client must be an ioredis`,
    );
  });

  it('is told which limits of a throttle are none', () => {
    const limits = { accountFailures: 100, mails: '10' as unknown as number, secrets: 'text' as never };
    expect(() => new RedisLoginThrottle({ client, ...limits })).toThrow(
      /- secrets: must be a list.+\n- accountFailures, mails: must be whole numbers/,
    );
  });
});
