import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import {
  failOver,
  type FailureReport,
  type LoadedProgram,
  startUnderLoad,
} from './support/load/failover-run.js';
import { loadedCluster, loadedSentinel } from './support/load/loaded-redis.js';
import { runs } from './support/soak.js';

// In turn: the process ends, the process hangs.
const FAILURES = runs(1, 10);
jest.setTimeout(60_000 + FAILURES * 60_000);

// What a request may take on top of the second that the contract gives it, on a machine that does other things too; each
// of its steps can be held up for as long as the process is.
const SLACK_MS = 1_000;
// Without `cluster-require-full-coverage no` it is more than a tenth; a busy machine has its own few.
const SHARE_OF_THE_HEALTHY = 0.05;

describe.each([
  { name: 'the primary behind the sentinels', start: loadedSentinel },
  { name: 'a primary of a cluster', start: loadedCluster },
])('the loss of $name under load', ({ start }) => {
  let program: LoadedProgram;
  beforeEach(async () => {
    program = await startUnderLoad(start, { rate: runs(100, 300), users: 60 });
  });
  afterEach(() => program.stop());

  it('is 503 for a moment, logs nobody out and revives nothing', async () => {
    const { driver, nodes } = program;
    for (let i = 0; i < FAILURES; i += 1) {
      const report = await failOver(program, i % 2 === 0 ? 'kill' : 'freeze');
      // Answers of the wrong user, to a session that is live or was ended, or of any other kind than it should be.
      expect(driver.model.violations).toEqual([]);
      // It was a failure, and on each node.
      for (const { unavailable } of report.nodes) expect(unavailable).toBeGreaterThan(0);
      expectShort(report);
      expect(report.healthy.unavailable).toBeLessThanOrEqual(report.healthy.requests * SHARE_OF_THE_HEALTHY);
    }
    await driver.finish();
    expect(driver.model.violations).toEqual([]);
    // Of these the answer itself said that no failover undoes them.
    expect(driver.model.ended.some(({ endIsDurable }) => endIsDurable)).toBe(true);
    expect(await nodes.doctor()).toContain('nothing is wrong');
    expect(nodes.running()).toBe(true);
  });

  function expectShort({ nodes: reports }: FailureReport): void {
    for (const { longestMs, loopDelayMs } of reports)
      expect(longestMs).toBeLessThan(1_000 + SLACK_MS + 4 * loopDelayMs);
  }
});
