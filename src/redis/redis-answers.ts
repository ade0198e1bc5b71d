import type { Cluster, Redis } from 'ioredis';

/**
 * Asks whether Redis answers, and is one to write to: a primary that was demoted answers reads, but no longer hears of
 * revocations. Of a cluster one server is enough: taking the whole program out of service for one shard would shut out
 * everybody instead of that shard's users.
 * @throws whatever the client says when nobody answers
 */
export async function ping(client: Redis | Cluster): Promise<void> {
  if (client.isCluster) await Promise.any((client as Cluster).nodes('master').map((node) => node.ping()));
  else if (/^role:slave/m.test(await client.info('replication'))) throw new Error('It is a replica.');
}
