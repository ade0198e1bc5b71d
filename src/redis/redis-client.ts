import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';

import { RedisBootError, type RedisSettings } from './redis-settings.js';
import { revive } from './revival.js';
import { followSwitches } from './sentinel-watch.js';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 500;
const LOG_INTERVAL_MS = 10_000;

/**
 * How the program talks to a server: a request never waits for a Redis that is away, and a command never runs after its
 * caller was told that it failed. Each option stands for a way in which a default hung or did so.
 */
const CONNECTION: RedisOptions = {
  connectTimeout: 1_000,
  // A timer that outlives the connection; with its default of 2 s the process would end that much later.
  disconnectTimeout: 100,
  maxRetriesPerRequest: 0,
  // Resending executes a write twice when only its answer was lost.
  autoResendUnfulfilledCommands: false,
  // Half of the second in which an outage is to be answered; a busy node must not take its own delays for one.
  commandTimeout: 500,
  // Notices a server that is frozen or unplugged: its connection stays open and would never answer again.
  socketTimeout: 1_000,
};

const ONE_PRIMARY: RedisOptions = {
  ...CONNECTION,
  lazyConnect: true,
  // With the queue, a write is executed after the outage although its client got an error.
  enableOfflineQueue: false,
  retryStrategy: retryDelayMs,
  // A server that has become a replica, or is still loading, answers every command with an error: find the right one.
  reconnectOnError: (error) => (/^(READONLY|MASTERDOWN|LOADING)/.test(error.message) ? 1 : false),
};

const CLUSTER: ClusterOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  clusterRetryStrategy: retryDelayMs,
  // Each of these would keep a request waiting for a shard that is away; the caller is told at once instead.
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  // The store tries again by itself while a slot moves: reads in another way, scripts for as long as a request can wait.
  retryDelayOnTryAgain: 1,
  maxRedirections: 4,
  // A frozen primary tells nobody that it has a successor.
  slotsRefreshInterval: 1_000,
  slotsRefreshTimeout: 500,
};

/** Milliseconds until connection attempt `attempt` (from 1): doubling up to half a second, with up to half of it random. */
export function retryDelayMs(attempt: number): number {
  const ceiling = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS);
  // Jitter, so that nodes that lost the same Redis do not all come back in the same instant.
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}

/**
 * A client that is not connected yet. It has an error listener, so that no outage can end the process, and logs at most
 * one error in ten seconds.
 *
 * Sentinels are asked at every connection attempt; ioredis's `failoverDetector` stays off, since it leaves clients that
 * never connect again (docs/decisions/0007-redis-topologies.md).
 *
 * @throws {RedisBootError} when a file of TLS cannot be read
 */
export function createRedisClient(settings: RedisSettings): Redis | Cluster {
  const client = newClient(settings);
  revive(client, () => retryDelayMs(1));
  logErrors(client, new Logger('Redis'));
  return client;
}

function newClient(settings: RedisSettings): Redis | Cluster {
  const { topology, socket, hosts, user: username, password, database: db } = settings;
  const tls = readTls(settings.tls);
  const access = { username, password, ...(tls && { tls }) };
  if (topology === 'cluster') {
    const client = new Cluster([...hosts], {
      ...CLUSTER,
      redisOptions: { ...CONNECTION, ...access },
      // ioredis connects to addresses; a certificate is for a name.
      ...(tls && { dnsLookup: (address, callback) => callback(null, address) }),
    });
    return connectNodesEarly(client);
  }
  if (topology === 'sentinel') {
    const sentinels = {
      sentinels: [...hosts],
      ...(settings.primaryName !== undefined && { name: settings.primaryName }),
      ...(settings.sentinelUser !== undefined && { sentinelUsername: settings.sentinelUser }),
      ...(settings.sentinelPassword !== undefined && { sentinelPassword: settings.sentinelPassword }),
      ...(tls && { sentinelTLS: tls }),
    };
    const client = new Redis({
      ...ONE_PRIMARY,
      ...access,
      ...sentinels,
      db,
      sentinelRetryStrategy: retryDelayMs,
      sentinelCommandTimeout: 500,
      ...(tls && { enableTLSForSentinelMode: true }),
    });
    return leaveReplicas(followSwitches(client, sentinels));
  }
  const [place] = hosts;
  return new Redis({ ...ONE_PRIMARY, ...access, db, ...(socket === undefined ? place : { path: socket }) });
}

// ioredis connects to a server of the cluster when the first command goes there, and refuses others until it is done.
function connectNodesEarly(client: Cluster): Cluster {
  const connect = (node: Redis): void => {
    if (node.status === 'wait') node.connect().catch(() => undefined);
  };
  client.on('ready', () => client.nodes().forEach(connect));
  client.on('+node', (node: Redis) => {
    // Not before it is ready: what it asks them until then is refused, too.
    setImmediate(() => client.status === 'ready' && connect(node));
  });
  return client;
}

// A sentinel that has missed a failover names a server that is a replica by now: it would answer reads, late ones too.
function leaveReplicas(client: Redis): Redis {
  client.on('ready', () => {
    client.info('replication').then(
      (info) => {
        if (/^role:slave/m.test(info) && client.status === 'ready') client.disconnect(true);
      },
      () => undefined,
    );
  });
  return client;
}

function readTls(
  files: RedisSettings['tls'],
): { ca: Buffer | undefined; cert: Buffer | undefined; key: Buffer | undefined } | undefined {
  return (
    files && {
      ca: readPem('REDIS_TLS_CA', files.caFile),
      cert: readPem('REDIS_TLS_CERT', files.certFile),
      key: readPem('REDIS_TLS_KEY', files.keyFile),
    }
  );
}

function readPem(setting: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RedisBootError(
      `The file that ${setting} names cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function logErrors(client: Redis | Cluster, logger: Logger): void {
  let lastMs = -Infinity;
  let failing = false;
  const onError = (error: Error) => {
    failing = true;
    const nowMs = performance.now();
    if (nowMs - lastMs < LOG_INTERVAL_MS) return;
    lastMs = nowMs;
    logger.warn(`Redis does not answer: ${messageOf(error)}`);
  };
  client.on('error', onError);
  // One server of a cluster.
  client.on('node error', onError);
  client.on('ready', () => {
    if (failing) logger.log('Redis answers again');
    failing = false;
    lastMs = -Infinity;
  });
}

/**
 * The message of an error; for the bundle that Node makes when every address of a name refused, those of its parts; for
 * a cluster of which no server answered, what the last one said.
 */
export function messageOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(String).join('; ');
  const { lastNodeError } = error as Error & { lastNodeError?: Error };
  return lastNodeError ? messageOf(lastNodeError) : error.message;
}
