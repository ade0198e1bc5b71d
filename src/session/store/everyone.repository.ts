import type { RedisAccess } from './redis-access.js';

// How far the clocks of two primaries may be apart. One server has one clock.
const CLUSTER_CLOCK_SLACK_MS = 1_000;

/** A session that has moved to a new id without a login. */
export interface MovedSession {
  /** When it began, ms of Redis's clock. */
  createdMs: number;
  /** When it was last known to be live under its old id, ms of Redis's clock. */
  aliveMs: number;
  /** Keys of its records. */
  from: string;
  to: string;
}

/**
 * What logins and rotations ask about the ending of everybody's sessions, which walks over all records and may miss
 * one that is made meanwhile. One command each.
 *
 * @throws SessionStoreUnavailableError from every method when Redis does not answer or refuses
 */
export class EveryoneRepository {
  constructor(private readonly redis: RedisAccess) {}

  /** How often everybody's sessions were ended. A login that finds it changed has made a session that must go. */
  async epoch(): Promise<string> {
    const [epoch] = await this.redis.read('epoch', this.redis.keys.epoch());
    return epoch ?? '0';
  }

  /** Whether a moved session has to end because it began before an operation that may have missed it. */
  async mustEnd({ createdMs, aliveMs, from, to }: MovedSession): Promise<boolean> {
    const slack = this.redis.ungated.isCluster ? CLUSTER_CLOCK_SLACK_MS : 0;
    const reply = this.redis.client.lkFollowRevokeEveryone(
      this.redis.keys.latestOperation(),
      Math.floor(createdMs),
      Math.floor(aliveMs),
      from,
      to,
      slack,
    );
    return (await this.redis.ask('epoch', reply)) === 1;
  }
}
