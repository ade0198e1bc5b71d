import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { SessionService } from '../src/session/index.js';
import { UsersService } from '../src/users/index.js';
import { type AdminApp, startAdminApp } from './support/admin-app.js';
import { PASSWORD } from './support/app.js';
import { type Answer, BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedSessions } from './support/stored-sessions.js';

const MINUTE = 60_000;
const NEW_PASSWORD = 'ten small goats on a roof';

/**
 * What a route asks of who calls it: nothing, a live session however old its login is, a recent login, or the password
 * itself. A route that is missing here fails the first test: whoever adds one decides.
 * @see OWASP ASVS 5.0, requirements 7.5.1 to 7.5.3
 */
type Stance = 'open' | 'session' | 'recent login' | 'password';

const STANCES: Record<string, Stance> = {
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'GET /metrics': 'open',
  'POST /auth/register': 'open',
  'POST /auth/register/confirm': 'open',
  'POST /auth/login': 'open',
  'POST /auth/logout': 'open',
  'GET /auth/session': 'session',
  'GET /auth/sessions': 'session',
  'GET /auth/verify': 'session',
  'GET /auth/events': 'session',
  'POST /auth/reauthenticate': 'password',
  'PUT /auth/password': 'password',
  'DELETE /auth/sessions': 'recent login',
  // Of another session than the one that asks; that one ends as by a logout.
  'DELETE /auth/sessions/{sessionId}': 'recent login',
  'GET /admin/users': 'session',
  'GET /admin/users/{userId}': 'session',
  'PATCH /admin/users/{userId}': 'recent login',
  'GET /admin/users/{userId}/sessions': 'session',
  'DELETE /admin/users/{userId}/sessions': 'recent login',
  'DELETE /admin/users/{userId}/sessions/{sessionId}': 'recent login',
  'DELETE /admin/sessions': 'recent login',
  'GET /admin/operations/{id}': 'session',
  'GET /admin/events': 'session',
  'GET /admin/stats': 'session',
  'GET /admin/stats/history': 'session',
  'GET /admin/live': 'session',
};
const routesThatNeed = (stance: Stance) => Object.keys(STANCES).filter((route) => STANCES[route] === stance);
const DESTRUCTIVE = [
  ...routesThatNeed('recent login').map((route) => ({ route, body: undefined, query: '' })),
  { route: 'DELETE /auth/sessions', body: undefined, query: '?scope=all' },
  { route: 'PATCH /admin/users/{userId}', body: { roles: ['support'] }, query: '' },
].filter(({ route, body }) => !route.startsWith('PATCH') || body !== undefined);

type Client = CookieClient | BearerClient;

describe('step-up', () => {
  let program: AdminApp;
  let redis: Redis;
  let people = 0;

  beforeAll(async () => {
    program = await startAdminApp();
    redis = program.redis.client();
  });
  afterAll(() => program.close());
  beforeEach(() => clearSessions(redis));
  afterEach(() => void jest.restoreAllMocks());

  /** Lets time pass for the question how long ago a login was. */
  const later = (ms: number) => {
    const sessions = program.app.get(SessionService, { strict: false });
    const now = sessions.now.bind(sessions);
    jest.spyOn(sessions, 'now').mockImplementation(() => now() + ms);
  };
  const clientOf = (transport: string): Client =>
    transport === 'bearer' ? new BearerClient(program.url) : new CookieClient(program.url);
  const login = (client: Client, email: string, password = PASSWORD): Promise<Answer> =>
    client instanceof BearerClient
      ? client.login({ email, password })
      : client.post('/auth/login', { email, password });

  /** An admin over a transport, another session of his, and somebody else with a session. */
  const scene = async (transport: string) => {
    people += 1;
    const email = `admin${people}@example.com`;
    const { id: adminId } = await program.createUser({ email, roles: ['admin'] });
    const [client, second] = [clientOf(transport), new CookieClient(program.url)];
    await login(client, email);
    await login(second, email);
    const person = await program.person(`person${people}@example.com`);
    const other = person.clients[0] as Client;
    const [secondId, otherId] = [await program.sessionIdOf(second), await program.sessionIdOf(other)];
    const users = program.app.get(UsersService, { strict: false });
    /** Everything that a destructive call could have changed. */
    const state = async () => ({
      person: await users.find(person.id),
      admin: await users.find(adminId),
      keys: (await redis.keys('lk:*')).filter((key) => /:(sess|gen|epoch)/.test(key)).sort(),
    });
    const call = (route: string, body?: unknown, query = '', headers: Record<string, string> = {}) => {
      const [method = '', template = ''] = route.split(' ');
      const own = template.startsWith('/auth');
      const path = template
        .replace('{userId}', person.id)
        .replace('{sessionId}', own ? secondId : otherId)
        .replace('{id}', 'AAAAAAAAAAAAAAAAAAAAAA');
      return client.request(method, `${path}${query}`, { body, headers });
    };
    return { email, client, second, state, call };
  };

  describe('has a stance on every route', () => {
    interface Operation {
      responses: Record<string, { description?: string } | undefined>;
    }
    let operations: Map<string, Operation>;

    beforeAll(async () => {
      const { paths } = (await new CookieClient(program.url).get('/docs-json')).body as {
        paths: Record<string, Record<string, Operation>>;
      };
      operations = new Map(
        Object.entries(paths).flatMap(([path, item]) =>
          Object.entries(item).map(([method, operation]): [string, Operation] => [
            `${method.toUpperCase()} ${path}`,
            operation,
          ]),
        ),
      );
    });

    it('of the program, and on no other', () => {
      expect(Object.keys(STANCES).sort()).toEqual([...operations.keys()].sort());
    });

    it('that changes something: a recent login or the password, unless it is open to visitors', () => {
      const changing = [...operations.keys()].filter((route) => !route.startsWith('GET '));
      expect(changing.length).toBeGreaterThan(5);
      for (const route of changing) expect([route, STANCES[route]]).not.toEqual([route, 'session']);
    });

    it('that shows something: never a recent login', () => {
      for (const route of operations.keys())
        if (route.startsWith('GET ')) expect([route, STANCES[route]]).not.toEqual([route, 'recent login']);
    });

    it('and says so in the OpenAPI document', () => {
      for (const route of routesThatNeed('recent login'))
        expect([route, operations.get(route)?.responses['403']?.description]).toEqual([
          route,
          expect.stringContaining('REAUTHENTICATION_REQUIRED'),
        ]);
    });
  });

  describe.each(['cookie', 'bearer'])('over %s', (transport) => {
    it.each(DESTRUCTIVE)(
      '$route$query is refused after the window and changes nothing, and goes through within it',
      async ({ route, body, query }) => {
        const { state, call } = await scene(transport);
        const before = await state();
        later(15 * MINUTE + 1000);
        const refused = await call(route, body, query);
        expect([refused.status, refused.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
        expect(await state()).toEqual(before);
        jest.restoreAllMocks();
        later(15 * MINUTE - 30_000);
        const done = await call(route, body, query);
        expect(done.status).toBeGreaterThanOrEqual(200);
        expect(done.status).toBeLessThan(300);
        expect(await state()).not.toEqual(before);
      },
    );

    it.each(routesThatNeed('session'))('%s asks for no recent login', async (route) => {
      const { call } = await scene(transport);
      later(60 * MINUTE);
      const { status, body } = await call(route);
      expect([status, body?.code]).toEqual(
        route.includes('/operations/')
          ? [404, 'OPERATION_NOT_FOUND']
          : [status < 300 ? status : 200, undefined],
      );
    });

    it('POST /auth/reauthenticate opens what was refused, and nothing that a client says does', async () => {
      const { client, call } = await scene(transport);
      later(15 * MINUTE + 1000);
      const now = new Date().toISOString();
      const claims = { 'x-authenticated-at': now, 'auth-time': now, 'x-auth-time': String(Date.now()) };
      for (const headers of [{}, claims])
        expect((await call('DELETE /auth/sessions', undefined, '', headers)).status).toBe(403);
      expect((await call('DELETE /auth/sessions', undefined, `?authenticatedAt=${now}`)).status).toBe(400);
      expect((await call('DELETE /auth/sessions', { authenticatedAt: now })).status).toBe(403);
      await client.get('/auth/session');
      expect((await call('DELETE /auth/sessions')).status).toBe(403);
      const wrong = await client.post('/auth/reauthenticate', { password: 'not the password' });
      expect(wrong.status).toBe(401);
      expect((await call('DELETE /auth/sessions')).status).toBe(403);
      jest.restoreAllMocks();
      const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
      if (client instanceof BearerClient) client.token = answer.body.token as string;
      expect((await call('DELETE /auth/sessions')).status).toBe(200);
    });

    it('goes by what the server noted at the login, whatever the session holds', async () => {
      const { client, call } = await scene(transport);
      const { user, session } = (await client.get('/auth/session')).body;
      const future = Date.now() + 60 * MINUTE;
      const sessions = program.app.get(SessionService, { strict: false });
      await sessions.update(user.id as string, session.id as string, (data) => {
        Object.assign(data, {
          authenticatedAt: future,
          latchkey: { transport, profile: 'admin', authenticatedAt: future },
        });
      });
      later(15 * MINUTE + 1000);
      expect((await call('DELETE /auth/sessions')).status).toBe(403);
      const after = (await client.get('/auth/session')).body.session;
      expect(after.authenticatedAt).toBe(session.authenticatedAt);
    });

    it.each(['POST /auth/login', 'POST /auth/reauthenticate', 'PUT /auth/password'])(
      '%s gives a new id, and the old one is dead',
      async (route) => {
        people += 1;
        const email = `mover${people}@example.com`;
        await program.createUser({ email });
        const client = clientOf(transport);
        const { session: before } = (await login(client, email)).body;
        const old = client instanceof BearerClient ? client.token : await client.cookie();
        const [stored] = await storedSessions(redis);

        const bodies: Record<string, object> = {
          'POST /auth/login': { email, password: PASSWORD, transport },
          'POST /auth/reauthenticate': { password: PASSWORD },
          'PUT /auth/password': { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
        };
        const [method = '', path = ''] = route.split(' ');
        const answer = await client.request(method, path, { body: bodies[route] });
        expect(answer.status).toBe(200);
        expect(answer.body.session.id).not.toBe(before.id);
        expect(answer.body.session.authenticatedAt >= before.authenticatedAt).toBe(true);

        const replay: Client =
          client instanceof BearerClient ? new BearerClient(program.url, old) : new CookieClient(program.url);
        const headers = replay instanceof CookieClient ? { headers: { cookie: `sid=${old}` } } : {};
        const { status, body } = await replay.get('/auth/session', headers);
        expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
        expect(await redis.exists(stored?.key ?? '')).toBe(0);
        const renewed =
          client instanceof BearerClient ? new BearerClient(program.url, answer.body.token) : client;
        expect((await renewed.get('/auth/session')).body.session.id).toBe(answer.body.session.id);
      },
    );
  });
});
