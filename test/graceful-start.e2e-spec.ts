import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { CookieClient, type Answer } from './support/clients.js';
import { startProgram, type RunningProgram } from './support/program.js';
import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { TOPOLOGY } from './support/topology.js';

jest.setTimeout(60_000);

// What Sentinel or a cluster has promoted is waited for.
const REPLICA: [string, string[], RegExp] = [
  'is a replica',
  ['--replicaof', '127.0.0.1', '1'],
  /is a replica of 127\.0\.0\.1:1 and takes no writes/,
];
const ADA = { email: 'ada@example.com', password: 'nine small goats on a roof' };

describe('a program that starts before its Redis', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let client: CookieClient;
  afterEach(async () => {
    await program.dispose();
    await redis.stop();
  });

  /** Starts it while the Redis with these options is away, and waits until it listens. */
  const startWithout = async (
    options: string[],
    prepare = (_: TestRedis): Promise<unknown> => Promise.resolve(),
  ) => {
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always', ...options]);
    await prepare(redis);
    await redis.kill();
    program = await startProgram({ ...redis.settings, PORT: '0' });
    const [, url] = (await program.line(/Latchkey\s+(http:\S+)/)) as unknown as [string, string];
    client = new CookieClient(url);
  };
  const ready = async (): Promise<Answer> => client.get('/health/ready');

  describe('that is one to use', () => {
    beforeEach(() => startWithout([]));

    it('says what it waits for, is live but not ready, and answers 503 to who needs a session', async () => {
      await program.line(
        TOPOLOGY === 'single'
          ? /Waiting for Redis at unix:\S+redis\.sock: connect ECONNREFUSED \S+\. Until it answers/
          : /Waiting for Redis at rediss?\+\S+: .*\w\. Until it answers/,
      );
      expect((await client.get('/health/live')).status).toBe(200);
      expect(await ready()).toMatchObject({
        status: 503,
        body: { checks: { redis: 'down', database: 'up' } },
      });
      const refused = await client.post('/auth/register', ADA);
      expect([refused.status, refused.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
      expect(refused.headers.get('retry-after')).toBe('1');
    });

    it('becomes ready by itself when it comes', async () => {
      await redis.restart();
      await poll(async () => (await ready()).status === 200);
      await program.line(/Redis is there/);
      // Counted by address, in Redis: so this works only now.
      expect((await client.post('/auth/register', ADA)).status).toBe(201);
      expect((await client.get('/auth/session')).body.user.email).toBe(ADA.email);
    });

    it('ends when it is told to while it waits', async () => {
      program.signal('SIGTERM');
      expect(await program.ended).toMatchObject({ code: 0 });
    });
  });

  it.each<[string, string[], RegExp]>([
    [
      'wants a password',
      ['--requirepass', 'secret'],
      /refuses the credentials\. Check user and password in REDIS_URL/,
    ],
    ...(TOPOLOGY === 'single' ? [REPLICA] : []),
  ])('ends with the reason when the one that comes %s', async (_, options, reason) => {
    await startWithout(options);
    await redis.restart();
    await program.line(reason);
    expect(await program.ended).toMatchObject({ code: 1 });
  });

  it('ends with the reason when the one that comes holds sessions of other index keys', async () => {
    await startWithout([], (there) => there.client().set('lk:ring', 'of-another-program'));
    await redis.restart();
    await program.line(/The index keys are not those that the sessions in this Redis were made with/);
    expect(await program.ended).toMatchObject({ code: 1 });
  });
});
