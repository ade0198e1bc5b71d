import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { setTimeout as delay } from 'node:timers/promises';

import { PASSWORD } from './support/app.js';
import { UPSTREAM_HEADER } from './support/balancer.js';
import { type Answer, BearerClient, CookieClient } from './support/clients.js';
import { type ProgramNodes, startProgramNodes } from './support/program-nodes.js';

// Three processes and a PostgreSQL on a machine that does other things, too.
const START_MS = 90_000;
jest.setTimeout(60_000);

const statuses = (answers: Answer[]): number[] => answers.map(({ status }) => status);
const times = <T>(count: number, act: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => act(i)));

describe('three nodes behind a load balancer', () => {
  let all: ProgramNodes;
  let url: string;

  beforeAll(async () => {
    all = await startProgramNodes(3, { REGISTRATION: 'confirm', SHUTDOWN_DELAY: '2s' });
    ({ url } = all.balancer);
  }, START_MS);
  afterAll(() => all.close(), START_MS);

  /** The same request to every node, past the balancer, as this client. */
  const everywhere = async (
    client: BearerClient | CookieClient,
    path = '/auth/session',
  ): Promise<Answer[]> => {
    const headers: Record<string, string> =
      client instanceof BearerClient
        ? { authorization: `Bearer ${client.token}` }
        : { cookie: await client.jar.getCookieString(url) };
    return Promise.all(all.nodes.map((node) => new BearerClient(node.url).get(path, { headers })));
  };
  const register = async (email: string): Promise<Answer> => {
    await new CookieClient(url).post('/auth/register', { email, password: PASSWORD });
    return new CookieClient(url).post('/auth/register/confirm', { token: await all.mailedToken(email) });
  };
  const login = async (email: string, password = PASSWORD): Promise<BearerClient> => {
    const client = new BearerClient(url);
    expect((await client.login({ email, password })).status).toBe(200);
    return client;
  };

  it('are one program to a browser: its cookie, its session and what refuses strangers are the same on each', async () => {
    expect((await register('ada@example.com')).status).toBe(201);
    const browser = new CookieClient(url);
    const credentials = { email: 'ada@example.com', password: PASSWORD };
    expect((await browser.post('/auth/login', credentials)).status).toBe(200);
    const answers = await times(9, () => browser.get('/auth/session'));
    expect(statuses(answers)).toEqual(Array(9).fill(200));
    expect(new Set(answers.map(({ body }) => body.session.id)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get(UPSTREAM_HEADER))).size).toBe(3);

    const cookie = await browser.jar.getCookieString(url);
    for (const node of all.nodes) {
      const stranger = new BearerClient(node.url);
      const headers = { cookie, origin: 'https://evil.example' };
      const { status, body } = await stranger.request('DELETE', '/auth/sessions', { headers });
      expect([status, body.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    }
    expect((await browser.post('/auth/logout')).status).toBe(204);
    const replayed = all.nodes.map((node) =>
      new BearerClient(node.url).get('/auth/session', { headers: { cookie } }),
    );
    expect(statuses(await Promise.all(replayed))).toEqual([401, 401, 401]);
  });

  it('take a token from a mail once, whichever of them wrote it', async () => {
    const email = 'once@example.com';
    await new CookieClient(url).post('/auth/register', { email, password: PASSWORD });
    const token = await all.mailedToken(email);
    const answers = await times(6, () => new CookieClient(url).post('/auth/register/confirm', { token }));
    expect(statuses(answers).sort()).toEqual([201, 400, 400, 400, 400, 400]);
  });

  it('count wrong passwords together', async () => {
    await register('guessed@example.com');
    const guesses: number[] = [];
    for (let i = 0; i < 6; i++) {
      const guess = { email: 'guessed@example.com', password: `wrong ${i}` };
      guesses.push((await new CookieClient(url).post('/auth/login', guess)).status);
    }
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429]);
    const right = { email: 'guessed@example.com', password: PASSWORD };
    for (const node of all.nodes) {
      expect((await new CookieClient(node.url, { origin: url }).post('/auth/login', right)).status).toBe(429);
    }
  });

  it('keep the limit of sessions together, however many logins race', async () => {
    await register('many@example.com');
    const clients = await times(14, () => login('many@example.com'));
    const live = await Promise.all(clients.map((client) => client.get('/auth/session')));
    expect(statuses(live).filter((status) => status === 200)).toHaveLength(10);
  });

  it('refuse on every node what one of them has revoked, and whom one of them has disabled', async () => {
    await register('gone@example.com');
    const [one, other, third] = await times(3, () => login('gone@example.com'));
    const { sessions } = { sessions: (await one?.get('/auth/sessions'))?.body.items as { id: string }[] };
    expect(sessions.length).toBeGreaterThanOrEqual(3);
    expect((await one?.delete('/auth/sessions'))?.status).toBe(200);
    for (const client of [other, third]) {
      expect(statuses(await everywhere(client as BearerClient))).toEqual([401, 401, 401]);
    }
    expect(statuses(await everywhere(one as BearerClient))).toEqual([200, 200, 200]);

    const admin = await login('admin@example.com', all.adminPassword());
    const found = await admin.get('/admin/users?query=gone@example.com');
    const { id } = found.body.items[0] as { id: string };
    expect((await admin.patch(`/admin/users/${id}`, { disabled: true })).status).toBe(200);
    expect(statuses(await everywhere(one as BearerClient))).toEqual([401, 401, 401]);
    for (const node of all.nodes) {
      const again = { email: 'gone@example.com', password: PASSWORD };
      expect((await new CookieClient(node.url, { origin: url }).post('/auth/login', again)).status).toBe(401);
    }
  });

  it('are replaced one by one under load without failing a request or ending a session', async () => {
    await register('steady@example.com');
    await register('passer-by@example.com');
    const clients = await times(5, () => login('steady@example.com'));
    const seen = new Map<string, number>();
    let requests = 0;
    const before = [...all.nodes];
    const outputOf = (url: string): string =>
      [...before, ...all.nodes]
        .find((node) => node.url === url)
        ?.program.output.slice(-8)
        .join('\n') ?? '';
    let going = true;
    const leaving = new Set<string>();
    const expectStatus = async (wanted: number, ask: () => Promise<Answer>): Promise<void> => {
      const { status, headers, body } = await ask();
      requests += 1;
      const node = headers.get(UPSTREAM_HEADER) ?? 'nobody';
      seen.set(node, (seen.get(node) ?? 0) + 1);
      if (status === wanted) return;
      // A machine so busy that a node sees nothing of Redis for a second is no restart; that node says so honestly.
      if (body?.code === 'SESSION_STORE_UNAVAILABLE' && !leaving.has(node)) return expectStatus(wanted, ask);
      throw new Error(
        `${status} instead of ${wanted} from ${node}: ${JSON.stringify(body)}\n${outputOf(node)}`,
      );
    };
    const ids = await Promise.all(
      clients.map(async (client) => (await client.get('/auth/session')).body.session.id),
    );
    const readers = clients.map(async (client) => {
      while (going) {
        await expectStatus(200, () => client.get('/auth/session'));
        // Steady, so that the nodes that start get some of the machine.
        await delay(20);
      }
    });
    // Logins take a hash each, logouts a change in Redis: both are under way for longer than a read.
    const visitor = (async () => {
      while (going) {
        const credentials = { email: 'passer-by@example.com', password: PASSWORD };
        const browser = new CookieClient(url);
        await expectStatus(200, () => browser.post('/auth/login', credentials));
        await expectStatus(204, () => browser.post('/auth/logout'));
      }
    })();
    const load = Promise.all([...readers, visitor]);
    // A failed request ends the load, and with it the test, at once.
    const replaced = (async () => {
      for (const node of before) {
        await all.start();
        leaving.add(node.url);
        expect(await all.end(node)).toBe(0);
      }
    })();
    await Promise.race([replaced, load.then(() => undefined)]);
    going = false;
    await load;
    await replaced;

    expect(all.balancer.failures).toEqual([]);
    expect(requests).toBeGreaterThan(100);
    for (const { url: node } of [...before, ...all.nodes]) expect(seen.get(node)).toBeGreaterThan(0);
    const after = await Promise.all(clients.map((client) => client.get('/auth/session')));
    expect(after.map(({ body }) => body.session?.id)).toEqual(ids);
  });
});
