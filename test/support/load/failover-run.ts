import { countsOf, LoadDriver, type Sample } from './driver.js';
import type { Blow, LoadedRedis } from './loaded-redis.js';
import type { Losses } from './model.js';
import { type LoadedNodes, type NodeTimes, startNodes } from './nodes.js';

// On a busy machine sentinels and servers take their time; what is asserted is what happens meanwhile.
const RECOVERY_DEADLINE_MS = 60_000;
const QUIET_MS = 700;
const OVER_MS = 500;

/** What one node answered while the failure lasted. */
export interface NodeReport extends NodeTimes {
  requests: number;
  unavailable: number;
  /** From the failure to the first 503, and to the last one before none for half a second, ms. */
  firstMs: number | undefined;
  lastMs: number | undefined;
}

/** What a failure looked like from outside. */
export interface FailureReport extends Losses {
  blow: Blow;
  /** From the failure until another server had the place, ms. */
  promotedMs: number;
  nodes: NodeReport[];
  /** Requests about users whose shard was never away: reads, carts, listings and revocations, and how many got 503. */
  healthy: { requests: number; unavailable: number };
  /** The longest request as a client saw it, ms. */
  longestMs: number;
  /** What was answered, by kind. */
  counts: string;
}

/** Everything that a failover takes. */
export interface LoadedProgram {
  redis: LoadedRedis;
  nodes: LoadedNodes;
  driver: LoadDriver;
  stop(): Promise<void>;
}

/** Starts a Redis, two nodes of the program, which say of revocations whether they are durable, and the load. */
export async function startUnderLoad(
  start: () => Promise<LoadedRedis>,
  load: { rate: number; users: number },
): Promise<LoadedProgram> {
  const redis = await start();
  const nodes = await startNodes(2, redis.url, {
    REVOCATION_DURABILITY: 'replicated',
    REVOCATION_REPLICAS: String(redis.replicas),
  });
  const driver = new LoadDriver({ urls: nodes.urls, barrier: () => redis.barrier(), ...load });
  await driver.start();
  return {
    redis,
    nodes,
    driver,
    async stop() {
      await driver.stop();
      await nodes.stop();
      await redis.stop();
    },
  };
}

/** Takes a primary away under load, waits until all is well again, brings it back, and counts. */
export async function failOver({ driver, redis, nodes }: LoadedProgram, blow: Blow): Promise<FailureReport> {
  await driver.unwatch();
  await nodes.times();
  const first = driver.samples.length;
  driver.model.beginFailure();
  const struckMs = performance.now();
  const hit = await redis.strike(blow);
  const promotedMs = performance.now() - struckMs;
  await driver.recovered(QUIET_MS, RECOVERY_DEADLINE_MS);
  await redis.mend();
  await driver.recovered(QUIET_MS, RECOVERY_DEADLINE_MS);
  // First what is at risk is looked at, then it counts as durable.
  await driver.traffic.lookAtRisks();
  await driver.barrier();
  const losses = driver.model.endFailure();
  driver.watch();

  const samples = driver.samples.slice(first).filter(({ endedMs }) => endedMs >= struckMs);
  const times = await nodes.times();
  return {
    ...losses,
    blow,
    promotedMs,
    nodes: times.map((time, node) => ({
      ...time,
      ...unavailability(
        samples.filter((one) => one.node === node),
        struckMs,
      ),
    })),
    healthy: await healthy(samples, redis, hit),
    longestMs: Math.max(...samples.map(({ beganMs, endedMs }) => endedMs - beganMs)),
    counts: countsOf(samples),
  };
}

function unavailability(samples: Sample[], struckMs: number): Omit<NodeReport, keyof NodeTimes> {
  const refused = samples.filter(({ status }) => status === 503);
  const times = refused.map(({ endedMs }) => endedMs - struckMs).sort((a, b) => a - b);
  // What comes after a pause is a busy machine's, or of the servers' return.
  const last = times.findIndex((ms, i) => (times[i + 1] ?? Infinity) - ms > OVER_MS);
  return {
    requests: samples.length,
    unavailable: refused.length,
    firstMs: times[0],
    lastMs: times[last],
  };
}

async function healthy(
  samples: Sample[],
  redis: LoadedRedis,
  { first, last }: { first: number; last: number },
): Promise<FailureReport['healthy']> {
  const hit = new Map<string, boolean>();
  for (const tag of new Set(samples.map((one) => one.tag))) {
    const slot = await redis.slotOf(tag);
    hit.set(tag, first <= slot && slot <= last);
  }
  // A login counts in shards that are not its user's.
  const others = samples.filter(({ act, tag }) => act !== 'login' && hit.get(tag) === false);
  return { requests: others.length, unavailable: others.filter(({ status }) => status === 503).length };
}
