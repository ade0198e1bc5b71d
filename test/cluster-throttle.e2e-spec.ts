import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisLoginThrottle, TooManyAttemptsError } from '../src/auth/index.js';
import { startCluster, type TestCluster } from './support/redis-cluster.js';
import { programMayOnly } from './support/redis-server.js';

const START_MS = 60_000;

describe('RedisLoginThrottle on Redis Cluster', () => {
  let cluster: TestCluster;
  let throttle: RedisLoginThrottle;

  beforeAll(async () => {
    // As the program may, and nothing else.
    cluster = await startCluster({ args: programMayOnly('cluster') });
    const client = cluster.client({
      enableAutoPipelining: true,
      redisOptions: { username: undefined, password: undefined },
    });
    throttle = new RedisLoginThrottle({ client, secrets: ['a-secret-of-the-throttle-on-a-cluster'] });
  }, START_MS);
  afterAll(() => cluster.stop());

  it('counts, locks, knows devices and forgets as on one server, whatever slots the keys are in', async () => {
    for (const account of ['ada', 'bob', 'cleo', 'dora']) {
      const attempt = { act: 'login', account, ip: '192.0.2.1' } as const;
      const begin = (deviceToken?: string) => throttle.begin({ ...attempt, deviceToken });
      const { deviceToken } = await (await begin()).succeeded();
      for (let i = 0; i < 5; i += 1) await (await begin()).failed();
      await expect(begin()).rejects.toBeInstanceOf(TooManyAttemptsError);
      await (await begin(deviceToken)).failed();
      const { deviceToken: renewed } = await throttle.forgetDevices(account);
      await expect(begin(deviceToken)).rejects.toBeInstanceOf(TooManyAttemptsError);
      await (await begin(renewed)).succeeded();
      await throttle.reset(account);
      await (await begin()).succeeded();
      await throttle.begin({ act: 'register', account, ip: '192.0.2.1' });
    }
    const slots = await Promise.all((await cluster.keys('lk:throttle:*')).map((key) => cluster.slotOf(key)));
    expect(new Set(slots).size).toBeGreaterThan(4);
  });
});
