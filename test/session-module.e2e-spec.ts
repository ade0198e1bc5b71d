import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Inject, Module, Post, Query, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { ProblemFilter } from '../src/problem/index.js';
import {
  presentedCredential,
  requestSession,
  SessionModule,
  type SessionPrincipal,
  SessionService,
} from '../src/session/index.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const SECRET = 'cookie-secret-of-the-module-specification';
const INDEX_KEY = 'index-key-of-the-module-specification';

const ada: SessionPrincipal = {
  id: 'ada',
  email: 'ada@example.com',
  displayName: null,
  roles: [],
  disabled: false,
  createdAt: '2026-01-01T00:00:00.000Z',
};

type Data = { cart?: string[]; note?: string };
const dataOf = (req: Request) => req.session as unknown as Data;

// What holds a handler between two steps of a test; a race is forced, not hoped for.
let gate: Promise<void> = Promise.resolve();
let reached: () => void = () => undefined;

@Controller()
class HostController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Post('login')
  async login(@Req() req: Request, @Query('transport') transport: 'cookie' | 'bearer' = 'cookie') {
    const ticket = await this.sessions.takeTicket(ada.id);
    reached();
    await gate;
    return this.sessions.establish(req, { principal: ada, ticket, transport });
  }

  @Get('me')
  me(@Req() req: Request) {
    return { user: requestSession(req)?.userId ?? null, credential: presentedCredential(req), data: dataOf(req).cart ?? [] };
  }

  @Post('cart')
  async add(@Req() req: Request, @Query('item') item: string) {
    dataOf(req).cart = [...(dataOf(req).cart ?? []), item];
    reached();
    await gate;
    return { cart: dataOf(req).cart };
  }

  @Get('redirect')
  redirect(@Req() req: Request, @Res() res: Response) {
    dataOf(req).note = 'redirected';
    res.redirect('/me');
  }

  @Get('stream')
  async stream(@Req() req: Request, @Res() res: Response) {
    dataOf(req).note = 'streamed';
    res.write('a'.repeat(1000));
    reached();
    await gate;
    res.write('b'.repeat(1000));
    res.end('c');
  }

  @Get('late')
  async late(@Req() req: Request, @Res() res: Response) {
    res.flushHeaders();
    res.write('early');
    dataOf(req).note = 'too late';
    reached();
    await gate;
    res.end('end');
  }

  @Post('rotate')
  async rotate(@Req() req: Request) {
    reached();
    await gate;
    return this.sessions.rotate(req, { revokeOthers: true });
  }

  @Post('logout')
  async logout(@Req() req: Request) {
    return { ended: await this.sessions.end(req) };
  }

  @Post('count')
  async count(@Req() req: Request) {
    await this.sessions.updateCurrent(req, (data) => {
      data['n'] = Number(data['n'] ?? 0) + 1;
    });
    return { n: (req.session as unknown as { n: number }).n };
  }
}

describe('SessionModule in a host application', () => {
  let redis: TestRedis;
  let client: Redis;
  let app: INestApplication;
  let url: string;
  let sessions: SessionService;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    await client.flushall();
    gate = Promise.resolve();
    @Module({
      imports: [
        SessionModule.forRoot({
          client,
          secrets: [SECRET],
          indexKeys: [INDEX_KEY],
          cookie: { name: 'sid', secure: false },
          carryOver: ['cart'],
        }),
      ],
      controllers: [HostController],
    })
    class HostModule {}
    app = await NestFactory.create(HostModule, { logger: false });
    app.useGlobalFilters(new ProblemFilter());
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    sessions = app.get(SessionService);
  });
  afterEach(() => app.close());

  const call = (method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(url + path, { method, headers, redirect: 'manual' });
  const cookieOf = (response: globalThis.Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const login = async (cookie = '') => cookieOf(await call('POST', '/login', cookie ? { cookie } : {}));
  const me = async (headers: Record<string, string>) =>
    (await (await call('GET', '/me', headers)).json()) as { user: string | null; credential: string; data: string[] };
  const codeOf = async (response: globalThis.Response) => ((await response.json()) as { code: string }).code;

  /** Holds handlers at their gate; resolves `waiting` when one has got there. */
  const barrier = () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const waiting = new Promise<void>((resolve) => (reached = resolve));
    return { open, waiting };
  };

  it('stores nothing and sets no cookie for a visitor who leaves nothing', async () => {
    const response = await call('GET', '/me');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await client.keys('*')).toEqual(['lk:ring']);
  });

  it('carries the cart of an anonymous session over into a new id and refuses the old one', async () => {
    const anonymous = cookieOf(await call('POST', '/cart?item=tea'));
    const cookie = await login(anonymous);
    expect(cookie).not.toBe(anonymous);
    expect(await me({ cookie })).toEqual({ user: 'ada', credential: 'valid', data: ['tea'] });
    expect(await me({ cookie: anonymous })).toEqual({ user: null, credential: 'invalid', data: [] });
  });

  it('answers 409 to a cart request that a login overtook, and loses nothing of what was stored', async () => {
    const anonymous = cookieOf(await call('POST', '/cart?item=tea'));
    const { open, waiting } = barrier();
    const late = call('POST', '/cart?item=cake', { cookie: anonymous });
    await waiting;
    gate = Promise.resolve();
    const cookie = await login(anonymous);
    open();
    const answer = await late;
    expect(answer.status).toBe(409);
    expect(await codeOf(answer)).toBe('SESSION_MOVED');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await me({ cookie })).data).toEqual(['tea']);
  });

  it('ends the session that a second login came with', async () => {
    const first = await login();
    const second = await login(first);
    expect((await me({ cookie: first })).user).toBeNull();
    expect((await me({ cookie: second })).user).toBe('ada');
    expect(await sessions.count('ada')).toBe(1);
  });

  it('answers 401 without a cookie to a save in flight while its session is revoked', async () => {
    const cookie = await login();
    const [session] = await sessions.list('ada');
    const { open, waiting } = barrier();
    const slow = call('POST', '/cart?item=tea', { cookie });
    await waiting;
    expect(await sessions.revoke('ada', session?.id as string)).toBe(true);
    open();
    const answer = await slow;
    expect(answer.status).toBe(401);
    expect(await codeOf(answer)).toBe('SESSION_ENDED');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('lets no login slip past a revoke-all', async () => {
    const { open, waiting } = barrier();
    const slow = call('POST', '/login');
    await waiting;
    await sessions.revokeAll('ada');
    open();
    const answer = await slow;
    expect(answer.status).toBe(401);
    expect(await codeOf(answer)).toBe('INVALID_CREDENTIALS');
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('lets no login slip past the end of everybody’s sessions', async () => {
    const cookie = await login();
    await call('POST', '/cart?item=tea');
    const { open, waiting } = barrier();
    const slow = call('POST', '/login');
    await waiting;
    const { operationId } = await sessions.revokeEveryone();
    open();
    expect((await slow).status).toBe(401);
    for (;;) {
      const operation = await sessions.findOperation(operationId);
      if (operation?.state === 'done') {
        // The login's own session may have been there when the scan came by.
        expect([2, 3]).toContain(operation.revoked);
        break;
      }
    }
    expect((await me({ cookie })).user).toBeNull();
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('makes nothing of a rotation in flight while its session is revoked', async () => {
    const cookie = await login();
    const { open, waiting } = barrier();
    const slow = call('POST', '/rotate', { cookie });
    await waiting;
    await sessions.revokeAll('ada');
    open();
    expect((await slow).status).toBe(401);
    expect(await sessions.count('ada')).toBe(0);
  });

  it('rotates to a new id, ends the others in the same step and keeps the absolute expiry', async () => {
    const other = await login();
    const cookie = await login();
    const before = (await sessions.list('ada')).map((session) => session.absoluteExpiresAt);
    const answer = await call('POST', '/rotate', { cookie });
    expect(await answer.json()).toMatchObject({ revoked: 1 });
    const rotated = cookieOf(answer);
    expect((await me({ cookie: rotated })).user).toBe('ada');
    expect((await me({ cookie })).user).toBeNull();
    expect((await me({ cookie: other })).user).toBeNull();
    const after = await sessions.list('ada');
    expect(after).toHaveLength(1);
    expect(before).toContain(after[0]?.absoluteExpiresAt);
  });

  it('gives a bearer client a token and never a cookie', async () => {
    const answer = await call('POST', '/login?transport=bearer');
    expect(answer.headers.getSetCookie()).toEqual([]);
    const { token } = (await answer.json()) as { token: string };
    const added = await call('POST', '/cart?item=tea', { authorization: `Bearer ${token}` });
    expect(added.headers.getSetCookie()).toEqual([]);
    expect(await me({ authorization: `Bearer ${token}` })).toEqual({ user: 'ada', credential: 'valid', data: ['tea'] });
  });

  it('refuses a session on the other transport, under either signature', async () => {
    const { token } = (await (await call('POST', '/login?transport=bearer')).json()) as { token: string };
    const cookie = decodeURIComponent(await login()).replace('sid=s:', '');
    const sessionToken = token.slice(3, token.lastIndexOf('.'));
    for (const authorization of [`Bearer ${cookie}`, `Bearer lk_${cookie}`, `Bearer ${sessionToken}`]) {
      expect((await me({ authorization })).user).toBeNull();
    }
    const { signCookie } = await import('../src/session/token/cookie-signature.js');
    expect((await me({ cookie: `sid=s:${token.slice(3)}` })).user).toBeNull();
    expect((await me({ cookie: `sid=${signCookie(sessionToken, SECRET)}` })).user).toBeNull();
  });

  it('refuses both credentials at once', async () => {
    const answer = await call('GET', '/me', { cookie: await login(), authorization: 'Bearer x' });
    expect(answer.status).toBe(400);
    expect(await codeOf(answer)).toBe('AMBIGUOUS_CREDENTIALS');
  });

  it('follows a change of the principal from the next request on', async () => {
    const cookie = await login();
    const principal = { roles: ['clerk'], email: ada.email, displayName: 'Ada', disabled: false };
    await sessions.setPrincipal('ada', principal, 2);
    await sessions.setPrincipal('ada', { ...principal, roles: ['stale'] }, 1);
    expect((await me({ cookie })).user).toBe('ada');
    await sessions.setPrincipal('ada', { ...principal, disabled: true }, 3);
    expect((await me({ cookie })).user).toBeNull();
  });

  it('loses no count over parallel updates', async () => {
    const cookie = await login();
    await Promise.all(Array.from({ length: 30 }, () => call('POST', '/count', { cookie })));
    expect(((await (await call('POST', '/count', { cookie })).json()) as { n: number }).n).toBe(31);
  });

  it('has a session stored before a redirect leaves', async () => {
    const answer = await call('GET', '/redirect');
    expect(answer.status).toBe(302);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('sends a stream whole and in order after its session is stored', async () => {
    const { open, waiting } = barrier();
    const answer = call('GET', '/stream');
    await waiting;
    open();
    expect(await (await answer).text()).toBe(`${'a'.repeat(1000)}${'b'.repeat(1000)}c`);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('cuts an answer whose late change cannot be stored, rather than completing it', async () => {
    const cookie = await login();
    const { open, waiting } = barrier();
    const answer = await call('GET', '/late', { cookie });
    await waiting;
    await sessions.revokeAll('ada');
    open();
    await expect(answer.text()).rejects.toThrow();
  });

  it('logs out: nothing is left and no session is made by it', async () => {
    const cookie = await login();
    expect(await (await call('POST', '/logout', { cookie })).json()).toEqual({ ended: true });
    expect(await (await call('POST', '/logout', { cookie })).json()).toEqual({ ended: false });
    expect(await client.keys('lk:sess:*')).toEqual([]);
  });

  it('reads an authenticated request with one command', async () => {
    const cookie = await login();
    const monitor = await redis.client().monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(String(args[0]).toLowerCase()));
    await me({ cookie });
    await client.echo('end');
    while (!seen.includes('echo')) await new Promise((resolve) => setImmediate(resolve));
    monitor.disconnect();
    expect(seen.filter((command) => command !== 'echo')).toEqual(['mget']);
  });

  it('revokes while Redis is out of memory, and refuses a login without ending anything', async () => {
    const cookie = await login();
    const other = await login();
    const [, session] = await sessions.list('ada');
    await client.config('SET', 'maxmemory', '1');
    try {
      expect((await call('POST', '/login')).status).toBe(503);
      expect((await me({ cookie: other })).user).toBe('ada');
      expect(await sessions.revoke('ada', session?.id as string)).toBe(true);
      expect((await me({ cookie })).user).toBeNull();
      expect(await sessions.revokeAll('ada')).toBe(1);
      expect((await me({ cookie: other })).user).toBeNull();
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });

  it('spares sessions that were made after a revocation which is applied late', async () => {
    const before = await login();
    const decidedMs = sessions.now();
    const after = await login();
    expect(await sessions.revokeAll('ada', { decidedMs })).toBe(1);
    expect((await me({ cookie: before })).user).toBeNull();
    expect((await me({ cookie: after })).user).toBe('ada');
    expect(await sessions.revokeAll('ada', { decidedMs })).toBe(0);
    expect(await sessions.count('ada')).toBe(1);
  });

  it('answers 503 without a cookie while Redis is away, and recovers', async () => {
    const cookie = await login();
    client.disconnect();
    const answer = await call('GET', '/me', { cookie });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await codeOf(answer)).toBe('SESSION_STORE_UNAVAILABLE');
    expect(answer.headers.getSetCookie()).toEqual([]);
    await client.connect();
    expect((await me({ cookie })).user).toBe('ada');
  });
});
