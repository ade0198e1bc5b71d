import type { Cluster, Redis } from 'ioredis';

const SCAN_COUNT = 200;

/**
 * Every primary that holds keys of this client.
 * @throws Error when a Cluster client does not know any yet
 */
export function primariesOf(client: Redis | Cluster): Redis[] {
  if (!client.isCluster) return [client as Redis];
  const primaries = (client as Cluster).nodes('master');
  // Nothing was scanned is not the same as nothing was found.
  if (primaries.length === 0) throw new Error('No primary of the cluster is known.');
  return primaries;
}

/**
 * Walks over all keys that match, in chunks, without blocking Redis; a chunk may be empty. What is there from beginning
 * to end is seen at least once; the rest may or may not be (SCAN). That holds as long as no server restarts and no key
 * moves to another: compare `readTopology` before and after where it matters.
 */
export async function* scanKeys(client: Redis | Cluster, pattern: string): AsyncGenerator<string[]> {
  for (const node of primariesOf(client)) {
    let cursor = '0';
    do {
      const [next, keys] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
      cursor = next;
      yield keys;
    } while (cursor !== '0');
  }
}
