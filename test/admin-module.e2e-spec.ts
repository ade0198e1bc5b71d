import type { Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AdminModule, type EventDirectory, type UserDirectory } from '../src/admin/index.js';
import { AuthModule, RedisLoginThrottle } from '../src/auth/index.js';
import { SessionModule, type SessionPrincipal } from '../src/session/index.js';
import { BearerClient } from './support/clients.js';
import { MemoryUsers } from './support/memory-users.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const PASSWORD = 'nine small goats on a roof';

/** What a host that brings its own users has to write, and no more: no guard, no filter, no pipe. */
class HostDirectory implements UserDirectory {
  constructor(private readonly users: MemoryUsers) {}

  async search() {
    const items = [...this.users.accounts.values()].map(({ user }) => ({ ...user, salary: 1_000 }));
    return { items, nextCursor: null };
  }

  async find(userId: string): Promise<SessionPrincipal | null> {
    return this.users.accounts.get(userId)?.user ?? null;
  }

  async count(): Promise<number> {
    return this.users.accounts.size;
  }

  async update(): Promise<SessionPrincipal> {
    throw new Error('this host changes nobody');
  }
}

const noEvents: EventDirectory = {
  list: () => Promise.resolve({ items: [], nextCursor: null }),
  countSince: () => Promise.resolve({}),
};

describe('AdminModule in a host that binds nothing for all routes', () => {
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
        AdminModule.forRoot({ users: new HostDirectory(users), events: noEvents }),
      ],
    })(host);
    app = await NestFactory.create<NestExpressApplication>(host, { logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  async function loggedIn(email: string, roles: string[]): Promise<BearerClient> {
    const client = new BearerClient(url);
    await client.login({ email, password: PASSWORD }, '/auth/register');
    const { id } = (await users.findByEmail(email)) as { id: string };
    const account = users.accounts.get(id);
    if (account) users.accounts.set(id, { ...account, user: { ...account.user, roles } });
    await client.login({ email, password: PASSWORD });
    return client;
  }

  it('is closed all the same', async () => {
    expect((await new BearerClient(url).get('/admin/users')).status).toBe(401);
    const person = await loggedIn('person@example.com', ['support']);
    const refused = await person.get('/admin/users');
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('lets an admin in, validates what he sends, and shows of users only what the contract has', async () => {
    const admin = await loggedIn('admin@example.com', ['admin']);
    const { status, body } = await admin.get('/admin/users');
    expect(status).toBe(200);
    expect(Object.keys(body.items[0]).sort()).toEqual([
      'createdAt',
      'disabled',
      'displayName',
      'email',
      'id',
      'roles',
    ]);
    const invalid = await admin.patch('/admin/users/user-1', { roles: 'admin' });
    expect([invalid.status, invalid.body.code]).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('keeps no trail where AuthModule was given none', async () => {
    const admin = await loggedIn('second@example.com', ['admin']);
    const { status, body } = await admin.delete('/admin/users/user-1/sessions');
    expect([status, typeof body.revoked]).toEqual([200, 'number']);
  });
});
