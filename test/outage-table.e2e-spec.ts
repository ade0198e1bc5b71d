import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';
import { OUTAGES, type Surroundings } from './support/outages.js';
import { poll } from './support/redis-process.js';
import { programMayOnly, startRedis } from './support/redis-server.js';
import { startTcpProxy } from './support/tcp-proxy.js';

jest.setTimeout(60_000);

// The contract says one second; the rest is for a busy machine.
const WITHIN_MS = 1_000 + 500;

const PAGE = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
const [HEADER = [], , ...ROWS] = (/<!-- outages -->\n\n((?:\|.*\n)+)/.exec(PAGE)?.[1] ?? '')
  .trim()
  .split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** What is asked while something is the matter with Redis, by the name of its column. */
type Seen = Pick<Answer, 'status' | 'body' | 'headers'> & { ms: number };
const timed = async (asked: Promise<Pick<Answer, 'status' | 'body' | 'headers'>>): Promise<Seen> => {
  const startMs = performance.now();
  return { ...(await asked), ms: performance.now() - startMs };
};

describe('the table of docs/operations.md', () => {
  it('has a row for every outage that is tried, and no other', () => {
    expect(ROWS.map(([name]) => name)).toEqual(Object.keys(OUTAGES));
  });

  it('says of each what is asked of the program', () => {
    expect(HEADER).toEqual([
      'Redis is',
      'login',
      'read',
      'write',
      'revoke',
      'socket',
      'readiness',
      'afterwards',
    ]);
    for (const [, ...cells] of ROWS) expect(cells.slice(0, 6).join(' ')).toMatch(/^((200|503) ?){6}$/);
  });
});

describe.each(ROWS)('while Redis is: %s', (name, login, read, write, revoke, socket, readiness) => {
  let around: Surroundings;
  let app: TestApp;
  let browser: CookieClient;
  let phone: BearerClient;
  let tablet: BearerClient;
  let line: KeptLine;
  let end: () => Promise<unknown> | void;
  const seen = {} as Record<'login' | 'read' | 'write' | 'revoke' | 'socket', Seen>;
  let ready: Answer;

  beforeAll(async () => {
    const redis = await startRedis([
      ...programMayOnly(),
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--enable-debug-command', 'yes'],
    ]);
    const proxy = await startTcpProxy({ path: redis.socket });
    around = { redis, proxy, admin: redis.client() };
    app = await startApp({ redis, env: { REDIS_URL: proxy.url } });
    browser = new CookieClient(app.url);
    phone = new BearerClient(app.url);
    tablet = new BearerClient(app.url);
    for (const email of ['ada@example.com', 'grace@example.com', 'hedy@example.com'])
      await app.createUser({ email });
    await browser.post('/auth/login', { email: 'grace@example.com', password: PASSWORD });
    for (const device of [phone, tablet])
      await device.login({ email: 'hedy@example.com', password: PASSWORD });
    line = new KeptLine(app.url, phone.token as string);
    expect((await line.ask()).status).toBe(200);

    end = await (OUTAGES[name] as (typeof OUTAGES)[string])(around);
    if (readiness === '200') await poll(async () => (await phone.get('/health/ready')).status === 200);
    seen.read = await timed(browser.get('/auth/session'));
    const ada = { email: 'ada@example.com', password: PASSWORD };
    [seen.login, seen.write, seen.revoke, seen.socket, ready] = await Promise.all([
      timed(new CookieClient(app.url).post('/auth/login', ada)),
      timed(browser.post('/auth/reauthenticate', { password: PASSWORD })),
      timed(phone.delete('/auth/sessions')),
      timed(line.ask()),
      phone.get('/health/ready'),
    ]);
  });
  afterAll(async () => {
    line.close();
    await app.close();
    await around.proxy.close();
    await around.redis.stop();
  });

  it.each([
    ['login', login],
    ['read', read],
    ['write', write],
    ['revoke', revoke],
    ['socket', socket],
  ] as const)('answers a %s with %s, in time', (act, status) => {
    const { ms, ...answer } = seen[act];
    expect([act, answer.status, answer.body?.code]).toEqual([
      act,
      Number(status),
      status === '503' ? 'SESSION_STORE_UNAVAILABLE' : undefined,
    ]);
    if (status !== '503') return;
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(ms).toBeLessThan(WITHIN_MS);
  });

  it(`says ${readiness} when it is asked whether it is ready, and that it lives`, async () => {
    expect([ready.status, ready.body.checks.redis]).toEqual([
      Number(readiness),
      readiness === '200' ? 'up' : 'down',
    ]);
    expect((await phone.get('/health/live')).status).toBe(200);
  });

  it('is itself again afterwards, without a restart, with its sessions and its connections', async () => {
    await end();
    await poll(async () => (await phone.get('/health/ready')).status === 200);
    await poll(async () => (await line.ask()).status === 200);
    expect(line.connections).toBe(1);
    expect((await browser.get('/auth/session')).status).toBe(200);
    // Ended where that was answered. What was on its way when the pause began may have been executed after it.
    const ended = revoke === '200' ? [401] : name === 'paused for writes' ? [200, 401] : [200];
    expect(ended).toContain((await tablet.get('/auth/session')).status);
    const ada = { email: 'ada@example.com', password: PASSWORD };
    expect((await new CookieClient(app.url).post('/auth/login', ada)).status).toBe(200);
  });
});

/** One connection that is kept, and asked over and over. */
class KeptLine {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** How many connections it took so far. */
  get connections(): number {
    return this.sockets.size;
  }

  async ask(): Promise<Pick<Answer, 'status' | 'body' | 'headers'>> {
    const headers = { authorization: `Bearer ${this.token}` };
    const sent = request(`${this.url}/auth/session`, { agent: this.agent, headers });
    sent.on('socket', (socket) => this.sockets.add(socket));
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve).on('error', reject).end();
    });
    const body: unknown = JSON.parse(await text(answer));
    const pairs = Object.entries(answer.headers) as [string, string][];
    return { status: answer.statusCode as number, body, headers: new Headers(pairs) };
  }

  close(): void {
    this.agent.destroy();
  }
}
