import type { Cluster, Redis } from 'ioredis';
import { InvalidOptionsError, isWhole, problemOfClient, unknownOptions } from '../../options/index.js';
import { AnonymousSessionLimiter, type Visitor } from '../../session/index.js';
import { clientNetworks } from './client-networks.js';
import { refuse } from './refusal.js';
import { ThrottleRedis } from './throttle.scripts.js';

/** How many new anonymous sessions are let through, and where they are counted. */
export interface RedisAnonymousSessionLimiterOptions {
  /** A connected ioredis client; it stays the host's to close. */
  client: Redis | Cluster;
  /** What every Redis key begins with. @default 'lk:' */
  prefix?: string;
  /** New anonymous sessions of one address (IPv4 address or IPv6 /64) in a window. @default 120 */
  perAddress?: number | undefined;
  /** New anonymous sessions of one network (IPv4 /24 or IPv6 /48) in a window. @default 5 times perAddress */
  perNetwork?: number | undefined;
  /** Length of the window, seconds; it begins with the first session. @default 3600 */
  windowSeconds?: number | undefined;
}

const KNOWN: Record<keyof RedisAnonymousSessionLimiterOptions, true> = {
  client: true,
  prefix: true,
  perAddress: true,
  perNetwork: true,
  windowSeconds: true,
};
const NETWORK_FACTOR = 5;
const MESSAGE = 'Too many new sessions from here. Wait before the next one.';

/**
 * Counts new anonymous sessions in Redis, for all nodes together: without a limit, whoever sends no cookie could fill
 * Redis with sessions that nobody uses. One command per session that is made.
 */
export class RedisAnonymousSessionLimiter extends AnonymousSessionLimiter {
  private readonly redis: ThrottleRedis;
  private readonly prefix: string;
  private readonly quotas: readonly [address: number, network: number];
  private readonly windowSeconds: number;

  /** @throws InvalidOptionsError */
  constructor(options: RedisAnonymousSessionLimiterOptions) {
    super();
    const { client, prefix = 'lk:', perAddress = 120, windowSeconds = 3_600 } = options;
    const { perNetwork = perAddress * NETWORK_FACTOR } = options;
    const limits = Object.entries({ perAddress, perNetwork, windowSeconds });
    const problems = [
      ...unknownOptions(options, KNOWN),
      problemOfClient(client),
      ...limits.map(
        ([name, limit]) => !isWhole(limit, 1) && `${name}: must be a whole number of at least 1.`,
      ),
    ].filter((problem) => typeof problem === 'string');
    InvalidOptionsError.throwFor('RedisAnonymousSessionLimiter cannot be made', problems);
    this.redis = new ThrottleRedis(client);
    this.prefix = prefix;
    this.quotas = [perAddress, perNetwork];
    this.windowSeconds = windowSeconds;
  }

  async admit({ ip }: Visitor): Promise<void> {
    const { address, network } = clientNetworks(ip);
    // In braces: both counters have to lie in one slot of a cluster.
    const ofNetwork = `${this.prefix}visitors:{${network}}`;
    const keys = [`${ofNetwork}:${address}`, ofNetwork] as const;
    const { refused, leftMs } = await this.redis.integers(
      this.redis.client.lkCountVisitor(...keys, ...this.quotas, this.windowSeconds * 1_000),
      'refused',
      'leftMs',
    );
    if (refused === 0) return;
    const [name, key, quota] =
      refused === 1
        ? (['visitors', keys[0], this.quotas[0]] as const)
        : (['visitors-network', keys[1], this.quotas[1]] as const);
    const policy = { name, quota, windowSeconds: this.windowSeconds };
    refuse([{ policy, key, waitMs: leftMs, message: MESSAGE }]);
  }
}
