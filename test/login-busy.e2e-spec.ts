import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'node:http';
import type { Redis } from 'ioredis';
import { Argon2Hasher, LoginBusyError, PasswordHasher } from '../src/auth/index.js';
import { type AuthHost, startAuthHost } from './support/auth-host.js';
import { readAnswer } from './support/clients.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const PASSWORD = 'a password of a host';
const CHEAP = { memoryKib: 1024, timeCost: 2, parallelism: 1 };

/** argon2 behind a gate; counts what gets to it and how much of that at a time. */
class GatedHasher extends PasswordHasher {
  private readonly inner = new Argon2Hasher(CHEAP);
  private gate: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;
  begun = 0;
  atATime = 0;
  mostAtATime = 0;

  hold(): void {
    this.gate = new Promise((resolve) => (this.release = resolve));
    this.begun = 0;
    this.mostAtATime = 0;
  }

  goOn(): void {
    this.release();
  }

  async hash(password: string): Promise<string> {
    return this.counting(() => this.inner.hash(password));
  }

  async verify(hash: string, password: string): Promise<boolean> {
    return this.counting(() => this.inner.verify(hash, password));
  }

  needsRehash(hash: string): boolean {
    return this.inner.needsRehash(hash);
  }

  private async counting<T>(task: () => Promise<T>): Promise<T> {
    this.begun += 1;
    this.atATime += 1;
    this.mostAtATime = Math.max(this.mostAtATime, this.atATime);
    try {
      await this.gate;
      return await task();
    } finally {
      this.atATime -= 1;
    }
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a full queue of hashes', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost;
  let hasher: GatedHasher;
  let userId: string;
  let cookie: string;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    hasher = new GatedHasher();
    host = await startAuthHost(client, { hasher, hashConcurrency: 1, hashQueueLength: 2 });
    const registered = await host.call('POST', '/auth/register', {
      body: { email: 'ada@example.com', password: PASSWORD },
    });
    userId = ((await registered.json()) as { user: { id: string } }).user.id;
    cookie = registered.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  });
  afterEach(async () => {
    hasher.goOn();
    await host.close();
  });

  const login = (email = 'ada@example.com') =>
    host.call('POST', '/auth/login', { body: { email, password: PASSWORD } });

  /** Logins until nothing more may wait; they end when the gate opens. */
  const fill = async (): Promise<Promise<Response>[]> => {
    hasher.hold();
    const running = [login()];
    await until(() => hasher.begun === 1, 'a hash has begun');
    running.push(login(), login());
    await until(() => host.queue.waiting === 2, 'two more wait');
    return running;
  };

  const routes: [string, () => Promise<Response>][] = [
    ['POST /auth/login', () => login()],
    ['POST /auth/login of nobody', () => login('nobody@example.com')],
    [
      'POST /auth/register',
      () => host.call('POST', '/auth/register', { body: { email: 'new@example.com', password: PASSWORD } }),
    ],
    [
      'POST /auth/reauthenticate',
      () => host.call('POST', '/auth/reauthenticate', { body: { password: PASSWORD }, headers: { cookie } }),
    ],
    [
      'PUT /auth/password',
      () =>
        host.call('PUT', '/auth/password', {
          body: { currentPassword: PASSWORD, newPassword: 'another password of a host' },
          headers: { cookie },
        }),
    ],
  ];

  it.each(routes)(
    'is answered 503 by %s, with when to come again, and nothing is hashed',
    async (_, call) => {
      const running = await fill();
      const { status, headers, body } = await readAnswer(await call());
      expect([status, body.code]).toEqual([503, 'LOGIN_BUSY']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(headers.getSetCookie()).toEqual([]);
      expect(hasher.begun).toBe(1);
      hasher.goOn();
      expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200, 200]);
      expect((await call()).status).toBeLessThan(500);
    },
  );

  it('refuses what a host does with passwords, too', async () => {
    const running = await fill();
    await expect(host.auth.verifyPassword(userId, PASSWORD)).rejects.toThrow(LoginBusyError);
    await expect(host.auth.setPassword(userId, 'another password of a host')).rejects.toThrow(LoginBusyError);
    expect(hasher.begun).toBe(1);
    hasher.goOn();
    await Promise.all(running);
    expect(await host.auth.verifyPassword(userId, PASSWORD)).toBe(true);
  });

  it('counts no failed attempt against an account whose password was not looked at', async () => {
    const running = await fill();
    for (let i = 0; i < 10; i += 1) expect((await login()).status).toBe(503);
    hasher.goOn();
    await Promise.all(running);
    expect((await login()).status).toBe(200);
  });

  it('hashes one at a time under 500 logins at once, keeps two waiting and refuses the rest', async () => {
    hasher.hold();
    const agent = new Agent({ maxSockets: 500 });
    const statuses: number[] = [];
    const all = Array.from({ length: 500 }, () => post(agent, host.url).then((s) => statuses.push(s)));
    await until(() => statuses.length === 497, '497 are refused');
    expect([hasher.begun, host.queue.waiting]).toEqual([1, 2]);
    hasher.goOn();
    await Promise.all(all);
    agent.destroy();
    expect(statuses.filter((status) => status === 503)).toHaveLength(497);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(hasher.mostAtATime).toBe(1);
  });

  it('gives the place of a client that went away to another, and hashes nothing for it', async () => {
    hasher.hold();
    const first = login();
    await until(() => hasher.begun === 1, 'a hash has begun');
    const impatient = new AbortController();
    const body = JSON.stringify({ email: 'ada@example.com', password: PASSWORD });
    const abandoned = ['login', 'reauthenticate'].map((act) =>
      fetch(`${host.url}/auth/${act}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: act === 'login' ? body : JSON.stringify({ password: PASSWORD }),
        signal: impatient.signal,
      }).catch((error: Error) => error.name),
    );
    await until(() => host.queue.waiting === 2, 'two wait');
    impatient.abort();
    expect(await Promise.all(abandoned)).toEqual(['AbortError', 'AbortError']);
    await until(() => host.queue.waiting === 0, 'they have left the queue');
    const patient = login();
    await until(() => host.queue.waiting === 1, 'another waits');
    hasher.goOn();
    expect([(await first).status, (await patient).status]).toEqual([200, 200]);
    expect(hasher.begun).toBe(2);
  });
});

function post(agent: Agent, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}/auth/login`,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (answer) => answer.resume().once('end', () => resolve(answer.statusCode ?? 0)),
    );
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify({ email: 'ada@example.com', password: PASSWORD }));
  });
}
