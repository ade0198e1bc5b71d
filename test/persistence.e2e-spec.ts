import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import { LoadDriver } from './support/load/driver.js';
import { type LoadedNodes, startNodes } from './support/load/nodes.js';
import {
  beginRewrite,
  crash,
  type CrashReport,
  cutTail,
  snapshot,
  startPersistent,
} from './support/load/persistence-run.js';
import { poll } from './support/redis-process.js';
import type { TestRedis } from './support/redis-server.js';
import { runs } from './support/soak.js';

const CRASHES = runs(1, 10);
jest.setTimeout(60_000 + CRASHES * 30_000);

let redis: TestRedis;
let admin: Redis;
let nodes: LoadedNodes;
let driver: LoadDriver;

const startWith = async (args: string[]): Promise<void> => {
  redis = await startPersistent(args);
  admin = redis.client();
  nodes = await startNodes(1, redis.url);
  // There are no replicas: see what is said of each file.
  const barrier = (): Promise<boolean> => Promise.resolve(true);
  driver = new LoadDriver({ urls: nodes.urls, rate: runs(100, 300), users: 40, barrier });
  await driver.start();
};
const stop = async (): Promise<void> => {
  await driver.stop();
  await nodes.stop();
  await redis.stop();
};
/** Long enough for every kind of request. */
const load = () => delay(700);

describe('sessions in an append-only file, when the server crashes under load', () => {
  beforeAll(() => startWith(['--appendonly', 'yes']));
  afterAll(stop);

  const expectNothingLost = ({ revocations, sessions }: CrashReport): void => {
    expect(driver.model.violations).toEqual([]);
    expect(Math.min(sessions, revocations)).toBeGreaterThan(0);
  };

  it.each(['everysec', 'always'])('are all there and stay ended, with appendfsync %s', async (policy) => {
    for (let i = 0; i < CRASHES; i += 1) {
      await admin.config('SET', 'appendfsync', policy);
      await load();
      expectNothingLost(await crash(driver, redis));
    }
  });

  it('are all there and stay ended, also in the middle of a rewrite', async () => {
    for (let i = 0; i < CRASHES; i += 1) {
      await load();
      await beginRewrite(admin);
      await delay(100);
      expect(await admin.info('persistence')).toContain('aof_rewrite_in_progress:1');
      expectNothingLost(await crash(driver, redis));
    }
  });

  it('are all there when the last command of the file was cut in half', async () => {
    await driver.finish();
    await admin.set('last', 'command');
    await redis.kill();
    cutTail(redis);
    await redis.restart();
    await poll(async () => (await fetch(`${nodes.urls[0]}/health/ready`)).ok);
    await driver.traffic.lookAtAll();
    expect(driver.model.violations).toEqual([]);
    expect(await admin.get('last')).toBeNull();
    expect(await nodes.doctor()).toContain('nothing is wrong');
    expect(nodes.running()).toBe(true);
  });
});

describe('sessions in snapshots only, when the server crashes under load', () => {
  beforeAll(() => startWith(['--appendonly', 'no', '--save', '']));
  afterAll(stop);

  it('are what they were at the last snapshot, and nothing else is lost', async () => {
    await load();
    const durableBeforeMs = await snapshot(admin);
    await load();
    const report = await crash(driver, redis, { durableBeforeMs });
    expect(driver.model.violations).toEqual([]);
    expect(report.atRisk).toBeGreaterThan(0);
    expect(report.sessionsLost + report.cartItemsLost).toBeGreaterThan(0);
    // The snapshot has brought them back, and the journal has ended them before anybody read them.
    expect(report.revocationsUndone).toBe(0);
    await driver.finish();
    expect(driver.model.violations).toEqual([]);
    // What the journal of revocations has ended again lies there, dead, until its time is over.
    expect((await nodes.doctor()).match(/\((?!record-dead\))[a-z-]+\)/g)).toBeNull();
  });
});
