import type { Cluster } from 'ioredis';
import type { RedisAccess } from '../store/redis-access.js';
import { keySlot } from './key-slot.js';

/**
 * Up to when Redis has all that the journal has, in Redis itself: a server that went back in time, or a replica that had
 * not heard of the last moments, has an older one. One per primary, since each may go back by itself.
 *
 * Commands: GET, or SET, per primary.
 */
export class JournalMarker {
  constructor(private readonly redis: RedisAccess) {}

  /** ms of the journal's clock; 0 when a primary has none. */
  async read(): Promise<number> {
    const values = await Promise.all(this.keys().map((key) => this.redis.ungated.get(key)));
    return Math.min(...values.map(Number));
  }

  /** @param untilMs everything that the journal kept until then had been done before this call */
  async write(untilMs: number): Promise<void> {
    const writes = this.keys().map((key) =>
      this.redis.ungated.set(key, Math.floor(untilMs), 'PX', this.redis.generationTtlMs),
    );
    await Promise.all(writes);
  }

  /** A key that lies on each primary: the first of a series whose slot is one of its own. */
  private keys(): string[] {
    const { ungated: client, keys } = this.redis;
    if (!client.isCluster) return [keys.journal(0)];
    const { slots } = client as Cluster;
    const wanted = new Set(slots.flatMap(([primary]) => primary ?? []));
    const found: string[] = [];
    for (let i = 0; wanted.size > 0 && i < slots.length; i += 1) {
      const key = keys.journal(i);
      if (wanted.delete(slots[keySlot(key)]?.[0] as string)) found.push(key);
    }
    return found;
  }
}
