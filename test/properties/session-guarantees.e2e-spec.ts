import { afterAll, beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { runSteps } from './run-steps.js';
import { type Observer, observer } from './snapshot.js';
import { anyRun } from './step.js';
import { loadSubject, Nodes } from './subject.js';

const SOAK_RUNS = 20_000;
const RUNS = process.env['LATCHKEY_SOAK'] ? SOAK_RUNS : Number(process.env['RUNS'] ?? 600);
const SLOWEST_RUN_MS = 100;

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
      await fc.assert(property, { numRuns: RUNS });
    },
    RUNS * SLOWEST_RUN_MS,
  );
});
