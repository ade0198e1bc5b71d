import type { INestApplication } from '@nestjs/common';
import { Logger } from '@nestjs/common';

import { HttpDrain } from './http/index.js';
import { describeError } from './problem/index.js';

// The three together stay below the ten seconds after which orchestrators kill; the delay comes on top.
const IDLE_GRACE_MS = 1_000;
const DRAIN_DEADLINE_MS = 6_000;
const HARD_DEADLINE_MS = 9_500;

// A Ctrl-C reaches every process of the terminal, and again through a parent that passes signals on: that is one wish.
const SAME_SIGNAL_MS = 500;

/**
 * Ends the program when it is told to: not ready any more, after the delay no new connection, no request cut, everything
 * closed, exit 0. A second signal ends it at once.
 * @param delayMs how long balancers get to notice
 */
export function endOnSignal(app: INestApplication, delayMs: number): void {
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      void end(app, signal, delayMs);
    } else if (nowMs - firstMs > SAME_SIGNAL_MS) {
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/**
 * Tells this process to end when the launcher that holds its IPC channel is gone, however that ended: otherwise the
 * program would keep its port, and a Redis that nobody stops. Nothing when it was started by itself.
 */
export function endWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // A channel that is listened to must not keep the process alive at its end.
  process.channel.unref();
}

async function end(app: INestApplication, signal: NodeJS.Signals, delayMs: number): Promise<void> {
  const logger = new Logger('Shutdown');
  logger.log(`${signal}: finishing what is under way`);
  setTimeout(() => {
    logger.error('not finished in time');
    process.exit(1);
  }, delayMs + HARD_DEADLINE_MS).unref();
  try {
    // Before Nest's own sequence, which stops workers and closes connections that requests under way still need.
    await app.get(HttpDrain).drain({ delayMs, idleGraceMs: IDLE_GRACE_MS, deadlineMs: DRAIN_DEADLINE_MS });
    await app.close();
    logger.log('ended');
    process.exit(0);
  } catch (error) {
    logger.error(describeError(error));
    process.exit(1);
  }
}
