import type { Cluster, Redis } from 'ioredis';

const SCAN_COUNT = 500;

/** Every primary that holds keys of this client. */
export function primariesOf(client: Redis | Cluster): Redis[] {
  return client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
}

/**
 * Walks over all keys that match, in chunks, without blocking Redis. What is there from beginning to end is seen at
 * least once; the rest may or may not be (SCAN).
 */
export async function* scanKeys(client: Redis | Cluster, pattern: string): AsyncGenerator<string[]> {
  for (const node of primariesOf(client)) {
    let cursor = '0';
    do {
      const [next, keys] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
      cursor = next;
      if (keys.length > 0) yield keys;
    } while (cursor !== '0');
  }
}
