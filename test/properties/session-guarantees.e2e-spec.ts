import { afterAll, beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { expectAlways } from '../support/random-runs.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { runs } from '../support/soak.js';
import { runSteps } from './run-steps.js';
import { type Observer, observer } from './snapshot.js';
import { anyRun } from './step.js';
import { loadSubject, Nodes } from './subject.js';

const RUNS = runs(600, 20_000);
// Several times what they take on a quiet machine.
const LIMIT_MS = RUNS * 100;

describe('sessions of two nodes on one Redis', () => {
  let redis: TestRedis;
  let client: Observer;
  let nodes: Nodes;

  beforeAll(async () => {
    redis = await startRedis();
    client = observer(redis.client());
    const subject = await loadSubject(fileURLToPath(new URL('../../src', import.meta.url)));
    nodes = new Nodes(subject, [redis.client(), redis.client()]);
  });
  afterAll(async () => {
    await nodes.close();
    await redis.stop();
  });

  it(
    `are what the model says after every step of ${RUNS} random runs`,
    async () => {
      const property = fc.asyncProperty(anyRun, ({ setting, steps }) =>
        runSteps(nodes, client, setting, steps),
      );
      await expectAlways(property, { numRuns: RUNS, limitMs: LIMIT_MS });
    },
    LIMIT_MS + 10_000,
  );
});
