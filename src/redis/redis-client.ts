import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 500;
const LOG_INTERVAL_MS = 1_000;

/**
 * How the program talks to Redis: a request never waits for a Redis that is away, and a command never runs after its
 * caller was told that it failed. Each option stands for a way in which a default hung or did so.
 */
const OPTIONS: RedisOptions = {
  lazyConnect: true,
  connectTimeout: 1_000,
  // A timer that outlives the connection; with its default of 2 s the process would end that much later.
  disconnectTimeout: 100,
  // Reads that meet in one turn of the event loop share a round trip.
  enableAutoPipelining: true,
  // With the queue, a write is executed after the outage although its client got an error.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  // Resending executes a write twice when only its answer was lost.
  autoResendUnfulfilledCommands: false,
  // Half of the second in which an outage is to be answered; a busy node must not take its own delays for one.
  commandTimeout: 500,
  // Notices a server that is frozen or unplugged: its connection stays open and would never answer again.
  socketTimeout: 1_000,
  retryStrategy: retryDelayMs,
  // A server that has become a replica, or is still loading, answers every command with an error: find the right one.
  reconnectOnError: (error) => (/^(READONLY|MASTERDOWN|LOADING)/.test(error.message) ? 1 : false),
};

/** Milliseconds until connection attempt `attempt` (from 1): doubling up to half a second, with up to half of it random. */
export function retryDelayMs(attempt: number): number {
  const ceiling = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS);
  // Jitter, so that nodes that lost the same Redis do not all come back in the same instant.
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}

/**
 * A client for `url` that is not connected yet: `redis://`, `rediss://` or `unix:/path`. It has an error listener,
 * so that no outage can end the process, and logs at most one error a second.
 */
export function createRedisClient(url: string): Redis {
  const client = url.startsWith('unix:')
    ? new Redis({ ...OPTIONS, path: url.slice('unix:'.length) })
    : new Redis(url, OPTIONS);
  logErrors(client, new Logger('Redis'));
  return client;
}

/** Where a Redis is, for people: no user, no password, no options. */
export function describeRedisUrl(url: string): string {
  if (url.startsWith('unix:')) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function logErrors(client: Redis, logger: Logger): void {
  let lastMs = -Infinity;
  let failing = false;
  client.on('error', (error: Error) => {
    failing = true;
    const nowMs = performance.now();
    if (nowMs - lastMs < LOG_INTERVAL_MS) return;
    lastMs = nowMs;
    logger.warn(`Redis does not answer: ${messageOf(error)}`);
  });
  client.on('ready', () => {
    if (failing) logger.log('Redis answers again');
    failing = false;
  });
}

/** The message of an error; for the bundle that Node makes when every address of a name refused, those of its parts. */
export function messageOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
}
