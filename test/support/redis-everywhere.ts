import { Cluster, type ClusterNode, type ClusterOptions, type Redis } from 'ioredis';
import { once } from 'node:events';

type Call = (...args: unknown[]) => Promise<unknown>;

const concatenated = (replies: unknown[]): unknown => replies.flat();
const joined = (replies: unknown[]): unknown => replies.join('\n');
const first = ([reply]: unknown[]): unknown => reply;

// Commands about a server, not about keys: what the tests ask with them is meant for all of it.
const ABOUT_PRIMARIES: Record<string, (replies: unknown[]) => unknown> = {
  keys: concatenated,
  flushall: first,
  flushdb: first,
  dbsize: (replies) => replies.reduce<number>((sum, one) => sum + Number(one), 0),
  info: joined,
  client: joined,
};
const ABOUT_EVERY_SERVER: Record<string, (replies: unknown[]) => unknown> = { config: first };
const CALLS_ABOUT_EVERY_SERVER: Record<string, (replies: unknown[]) => unknown> = {
  ACL: first,
  SLOWLOG: concatenated,
};

/**
 * A client of a cluster with which a spec looks at all of it as it looks at one server. Keys of several slots in one
 * command stay an error: programs get this client too, and theirs must not be hidden.
 */
export function clusterClient(nodes: ClusterNode[], options: ClusterOptions): Cluster {
  const client = new Cluster(nodes, options);
  const ask = async (role: 'master' | 'all', name: string, args: unknown[]): Promise<unknown[]> => {
    if (client.status === 'wait') await client.connect();
    if (client.status !== 'ready') await once(client, 'ready');
    return Promise.all(
      client.nodes(role).map(async (node) => (node as unknown as Record<string, Call>)[name]?.(...args)),
    );
  };
  const replace = (name: string, call: Call): void => {
    Object.defineProperty(client, name, { value: call, configurable: true, writable: true });
  };
  for (const [name, merge] of Object.entries(ABOUT_PRIMARIES))
    replace(name, async (...args) => merge(await ask('master', name, args)));
  for (const [name, merge] of Object.entries(ABOUT_EVERY_SERVER))
    replace(name, async (...args) => merge(await ask('all', name, args)));
  // After a disconnect of theirs, ioredis's clients of clusters can come to queue for ever what they are told.
  const [disconnect, connect] = [client.disconnect.bind(client), client.connect.bind(client)];
  const { enableOfflineQueue } = client.options;
  client.disconnect = (...args) => {
    client.options.enableOfflineQueue = false;
    disconnect(...args);
  };
  client.connect = () => {
    client.options.enableOfflineQueue = enableOfflineQueue;
    return connect();
  };
  const call = client.call.bind(client) as Call;
  replace('call', async (...args) => {
    const merge = CALLS_ABOUT_EVERY_SERVER[String(args[0])];
    return merge ? merge(await ask('all', 'call', args)) : call(...args);
  });
  return client;
}

/** Whether a server is one that takes writes at present. */
export async function isPrimary(server: Redis): Promise<boolean> {
  return (await server.info('replication')).includes('role:master');
}
