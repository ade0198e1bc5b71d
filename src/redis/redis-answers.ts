import type { Cluster, Redis } from 'ioredis';

/**
 * Asks whether Redis answers. Of a cluster one server is enough: taking the whole program out of service for one shard
 * would shut out everybody instead of that shard's users.
 * @throws whatever the client says when nobody answers
 */
export async function ping(client: Redis | Cluster): Promise<void> {
  await (client.isCluster
    ? Promise.any((client as Cluster).nodes('master').map((node) => node.ping()))
    : client.ping());
}
