import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { LoadDriver } from './support/load/driver.js';
import { failOver, type FailureReport } from './support/load/failover-run.js';
import { loadedCluster, type LoadedRedis, loadedSentinel } from './support/load/loaded-redis.js';
import { type LoadedNodes, startNodes } from './support/load/nodes.js';
import { runs } from './support/soak.js';

// In turn: the process ends, the process hangs.
const FAILURES = runs(1, 10);
jest.setTimeout(60_000 + FAILURES * 60_000);

// What a request may take on top of the second that the contract gives it, on a machine that does other things too.
const SLACK_MS = 500;
// Without `cluster-require-full-coverage no` it is more than a tenth; a busy machine has its own few.
const SHARE_OF_THE_HEALTHY = 0.05;

describe.each([
  { name: 'the primary behind the sentinels', start: loadedSentinel },
  { name: 'a primary of a cluster', start: loadedCluster },
])('the loss of $name under load', ({ start }) => {
  let redis: LoadedRedis;
  let nodes: LoadedNodes;
  let driver: LoadDriver;
  beforeEach(async () => {
    redis = await start();
    nodes = await startNodes(2, redis.url);
    driver = new LoadDriver({
      urls: nodes.urls,
      rate: runs(150, 300),
      users: 60,
      barrier: () => redis.barrier(),
    });
    await driver.start();
  });
  afterEach(async () => {
    await driver.stop();
    await nodes.stop();
    await redis.stop();
  });

  it('is 503 for a moment, logs nobody out and revives nothing', async () => {
    for (let i = 0; i < FAILURES; i += 1) {
      const report = await failOver(driver, redis, nodes, i % 2 === 0 ? 'kill' : 'freeze');
      // Answers of the wrong user, to a session that is live or was ended, or of any other kind than it should be.
      expect(driver.model.violations).toEqual([]);
      // It was a failure, and on each node.
      for (const { unavailable } of report.nodes) expect(unavailable).toBeGreaterThan(0);
      expectShort(report);
      expect(report.healthy.unavailable).toBeLessThanOrEqual(report.healthy.requests * SHARE_OF_THE_HEALTHY);
    }
    expect(nodes.running()).toBe(true);
  });

  function expectShort({ nodes: reports }: FailureReport): void {
    for (const { longestMs, loopDelayMs } of reports)
      expect(longestMs).toBeLessThan(1_000 + SLACK_MS + 2 * loopDelayMs);
  }
});
