import { Gate } from '../src/testing/gate.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import type { Redis } from 'ioredis';
import {
  CurrentSession,
  CurrentUser,
  type HostSession,
  NoTouch,
  OptionalSession,
  Public,
  type RequestSession,
  Roles,
  SessionPolicy,
  type SessionPrincipal,
} from '../src/index.js';
import { type AuthHost, startAuthHost } from './support/auth-host.js';
import { commandsDuring } from './support/redis-commands.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf } from './support/session-host.js';

const ADA = { email: 'ada@example.com', password: 'a password of a host' };
const gate = new Gate();
type Data = HostSession & { note?: string };

@Controller()
class Routes {
  @Get('used')
  used(@CurrentUser() user: SessionPrincipal, @CurrentSession() session: RequestSession) {
    return { user: user.email, sessionId: session.sessionId, handle: session.view().id };
  }

  @NoTouch()
  @Get('polled')
  polled() {
    return {};
  }

  @OptionalSession()
  @Get('optional')
  optional(@CurrentUser() user?: SessionPrincipal) {
    return { user: user?.email ?? null };
  }

  @Public()
  @NoTouch()
  @Get('status')
  status(@Session() session: Data) {
    return { note: session.note ?? null };
  }

  @Post('note')
  note(@Session() session: Data) {
    session.note = 'kept';
    return {};
  }

  @SessionPolicy('readonly')
  @Get('looked')
  looked() {
    return {};
  }

  @SessionPolicy('readonly')
  @Post('dropped')
  dropped(@Session() session: Data) {
    session.note = 'dropped';
    return {};
  }

  @SessionPolicy('strict')
  @Post('strict')
  async strict(@Session() session: Data, @Req() req: Request) {
    session.note = String(req.query['note']);
    await gate.pass();
    return {};
  }
}

/** What a controller says holds for its routes, unless they say something else. */
@NoTouch()
@Roles('admin')
@SessionPolicy('readonly')
@Controller('office')
class Office {
  @Get('list')
  list() {
    return {};
  }

  @Roles('user', 'admin')
  @SessionPolicy('merge')
  @Post('changed')
  changed(@Session() session: Data) {
    session.note = 'changed';
    return {};
  }

  @Roles('user')
  @Post('dropped')
  dropped(@Session() session: Data) {
    session.note = 'dropped';
    return {};
  }
}

describe('what decorators say of a route', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost;
  let cookie: string;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startAuthHost(client, {}, { controllers: [Routes, Office] });
    cookie = cookieOf(await host.call('POST', '/auth/register', { body: ADA }));
    // From here on every script is loaded.
    await host.call('POST', '/note', { headers: { cookie } });
    await age();
    await used();
  });
  afterEach(() => host.close());

  const get = (path: string, headers: Record<string, string> = { cookie }) =>
    host.call('GET', path, { headers });
  const post = (path: string) => host.call('POST', path, { headers: { cookie } });
  const key = async () => (await client.keys('lk:sess:*'))[0] as string;
  const touched = async () => client.getrange(await key(), 1, 13);
  /** Two minutes pass in which the session is not used. */
  const age = async () => {
    const at = Number(await touched()) - 120_000;
    await client.setrange(await key(), 1, String(at).padStart(13, '0'));
  };
  /** A request that counts as use; its touch is over, too. */
  const used = async () => {
    const before = await touched();
    expect((await get('/used')).status).toBe(200);
    // The touch is off the response path. It is sent after whatever an earlier request could have sent.
    while ((await touched()) === before) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Names of the commands that the application sends, without those of the test's own reads. */
  const sent = async (work: () => Promise<unknown>) =>
    (await commandsDuring(redis, work))
      .map((command) => command.split(' ')[0]?.toLowerCase())
      .filter((name) => name === 'mget' || name === 'get' || name === 'evalsha');

  it.each([
    ['@NoTouch on a route', '/polled'],
    ['@NoTouch on a public route', '/status'],
    ['@SessionPolicy readonly', '/looked'],
  ])('sends no touch for %s, and one for a route without', async (_, path) => {
    await age();
    const before = await touched();
    expect(
      await sent(async () => {
        expect((await get(path)).status).toBe(200);
        expect(await touched()).toBe(before);
        await used();
      }),
    ).toEqual(['mget', 'mget', 'evalsha']);
    expect(await touched()).not.toBe(before);
  });

  it('sends one command for a read within the interval, and none for a visitor', async () => {
    expect(await sent(() => get('/used'))).toEqual(['mget']);
    expect(await sent(() => get('/optional'))).toEqual(['mget']);
    expect(await sent(() => get('/optional', {}))).toEqual([]);
    expect(await sent(() => get('/status', {}))).toEqual([]);
  });

  it('lets visitors in with @OptionalSession, and knows who is logged in', async () => {
    expect(await (await get('/optional')).json()).toEqual({ user: ADA.email });
    expect(await (await get('/optional', {})).json()).toEqual({ user: null });
    expect(await (await get('/optional', { cookie: 'sid=s:forged.signature' })).json()).toEqual({
      user: null,
    });
    expect((await get('/optional', { authorization: 'Bearer lk_forged.signature' })).status).toBe(401);
    expect((await get('/used', {})).status).toBe(401);
  });

  it('refuses the second of two changes at once under @SessionPolicy strict', async () => {
    const { open, waiting } = gate.close(2);
    const answers = [post('/strict?note=first'), post('/strict?note=second')];
    await waiting;
    open();
    const [one, other] = (await Promise.all(answers)).sort((a, b) => a.status - b.status);
    expect([one?.status, other?.status]).toEqual([201, 409]);
    expect(await codeOf(other as Response)).toBe('SESSION_CONFLICT');
  });

  it('keeps and touches nothing under @SessionPolicy readonly, and sends one command', async () => {
    await age();
    const before = await touched();
    expect(
      await sent(async () => {
        expect((await post('/dropped')).status).toBe(201);
        expect(await touched()).toBe(before);
        await used();
      }),
    ).toEqual(['mget', 'mget', 'evalsha']);
    expect(await (await get('/status')).json()).toEqual({ note: 'kept' });
  });

  describe('to a user with a role', () => {
    beforeEach(async () => {
      const [{ user } = { user: undefined }] = host.users.accounts.values();
      await host.sessions.setPrincipal(user!.id, { ...user!, roles: ['user'] }, 2);
    });

    it('holds for every route of a controller, and a route may say something else', async () => {
      expect((await get('/office/list')).status).toBe(403);
      expect((await post('/office/dropped')).status).toBe(201);
      expect(await (await get('/status')).json()).toEqual({ note: 'kept' });
      expect((await post('/office/changed')).status).toBe(201);
      expect(await (await get('/status')).json()).toEqual({ note: 'changed' });
    });
  });
});
