import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Redis } from 'ioredis';

import { poll } from '../redis-process.js';
import { programMayOnly, startRedis, type TestRedis } from '../redis-server.js';
import type { LoadDriver } from './driver.js';
import type { Losses } from './model.js';

const QUIET_MS = 500;
const DEADLINE_MS = 60_000;

/** What a crash of the only server looked like from outside. */
export interface CrashReport extends Losses {
  /** Sessions that clients had, and ends of sessions that they were told of, when it came. */
  sessions: number;
  revocations: number;
  /** From the crash until a node answered normally again, ms. */
  awayMs: number;
}

/** A single server that keeps its data in this way; args as redis-server takes them. */
export function startPersistent(args: string[]): Promise<TestRedis> {
  // A rewrite or a snapshot takes its time, so that something can happen meanwhile.
  return startRedis([...programMayOnly(), '--rdb-key-save-delay', '2000', ...args]);
}

/**
 * Ends the server under load as a crash does and starts it again on the same files.
 * @param options.durableBeforeMs by `performance.now()`: what was acknowledged before must be there; default: everything
 * @param options.meanwhile what happens to the files
 */
export async function crash(
  driver: LoadDriver,
  redis: TestRedis,
  options: { durableBeforeMs?: number; meanwhile?: () => void } = {},
): Promise<CrashReport> {
  const { model } = driver;
  await driver.unwatch();
  model.durableBeforeMs = options.durableBeforeMs ?? Infinity;
  model.beginFailure();
  const sessions = model.users.reduce((sum, user) => sum + user.sessions.size, 0);
  const revocations = model.ended.length;
  const beganMs = performance.now();
  const children = childrenOf(redis.pid);
  await redis.kill();
  // What it had forked would go on writing.
  for (const pid of children) process.kill(pid, 'SIGKILL');
  options.meanwhile?.();
  await redis.restart();
  await driver.recovered(QUIET_MS, DEADLINE_MS);
  const refused = driver.samples.filter(({ status, endedMs }) => status === 503 && endedMs > beganMs);
  await driver.traffic.lookAtRisks();
  const losses = model.endFailure();
  driver.watch();
  const awayMs = Math.max(0, ...refused.map(({ endedMs }) => endedMs - beganMs));
  return { ...losses, sessions, revocations, awayMs };
}

/** Begins to rewrite the append-only file. Resolves while that is under way. */
export async function beginRewrite(admin: Redis): Promise<void> {
  await admin.bgrewriteaof();
  await poll(async () => (await admin.info('persistence')).includes('aof_rewrite_in_progress:1'));
}

/** Takes a snapshot. @returns when it was, by `performance.now()`: everything acknowledged before is in it */
export async function snapshot(admin: Redis): Promise<number> {
  const beforeMs = performance.now();
  await admin.bgsave();
  await poll(async () => (await admin.info('persistence')).includes('rdb_bgsave_in_progress:0'));
  return beforeMs;
}

/** Cuts the last command of the append-only file in half. */
export function cutTail({ socket }: TestRedis): void {
  const directory = join(dirname(socket), 'appendonlydir');
  const parts = readdirSync(directory).filter((name) => name.endsWith('.incr.aof'));
  const [, number] = /\.(\d+)\.incr/.exec(parts.sort((a, b) => numberOf(a) - numberOf(b)).at(-1) ?? '') ?? [];
  const last = join(directory, parts.find((name) => name.includes(`.${number}.incr`)) ?? '');
  truncateSync(last, statSync(last).size - 5);
}

const numberOf = (name: string): number => Number(/\.(\d+)\.incr/.exec(name)?.[1]);

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').flatMap((child) => Number(child) || []);
}
