import type { Cluster, Redis } from 'ioredis';
import type { RedisAccess } from '../store/redis-access.js';
import type { Server } from './current-servers.js';
import { keySlot } from './key-slot.js';

/**
 * Up to when Redis has all that the journal has, in Redis itself: a server that went back in time, or a replica that had
 * not heard of the last moments, has an older one. One per primary, since each may go back by itself; each is asked over
 * its own connection, so that none is written to a server that has not been looked at.
 *
 * Commands: GET, or SET, per primary.
 */
export class JournalMarker {
  constructor(private readonly redis: RedisAccess) {}

  /** ms of the journal's clock; 0 when the server has none. @throws whatever the client says when it does not answer */
  async read({ node, place }: Server): Promise<number> {
    const key = this.keyAt(place);
    return key === undefined ? 0 : Number(await node.get(key));
  }

  /**
   * @param untilMs everything that the journal kept until then had been done before this call
   * @throws whatever the client says when the server does not answer
   */
  async write({ node, place }: Server, untilMs: number): Promise<void> {
    const key = this.keyAt(place);
    if (key !== undefined) await node.set(key, Math.floor(untilMs), 'PX', this.redis.generationTtlMs);
  }

  /** A key that lies there: the first of a series whose slot is one of its own. */
  private keyAt(place: string): string | undefined {
    const { ungated, keys } = this.redis;
    const client: Redis | Cluster = ungated;
    if (!client.isCluster) return keys.journal(0);
    const { slots } = client as Cluster;
    for (let i = 0; i < slots.length; i += 1) {
      const key = keys.journal(i);
      if (slots[keySlot(key)]?.[0] === place) return key;
    }
    return undefined;
  }
}
