/** Where Redis is, and how to get in there. */
export interface RedisSettings {
  topology: 'single' | 'sentinel' | 'cluster';
  /** The unix socket of a single server; there are no hosts then. */
  socket: string | undefined;
  /** The server, the sentinels, or some servers of the cluster. */
  hosts: readonly { host: string; port: number }[];
  /** What the sentinels call the primary. */
  primaryName: string | undefined;
  user: string | undefined;
  password: string | undefined;
  /** Number of the database. */
  database: number;
  sentinelUser: string | undefined;
  sentinelPassword: string | undefined;
  /** Paths of PEM files; undefined: no TLS. Without `caFile`, the authorities that Node knows. */
  tls: { caFile: string | undefined; certFile: string | undefined; keyFile: string | undefined } | undefined;
}

/** Redis cannot be used as it is. The message says why and what to do. */
export class RedisBootError extends Error {
  override readonly name = 'RedisBootError';
}

/** Where a Redis is, for people: no user, no password. */
export function describeRedis({
  topology,
  socket,
  hosts,
  primaryName,
  database,
  tls,
}: RedisSettings): string {
  if (socket !== undefined) return `unix:${socket}`;
  const scheme = `redis${tls ? 's' : ''}${topology === 'single' ? '' : `+${topology}`}`;
  const places = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  const path = [primaryName, database === 0 ? undefined : database].filter((part) => part !== undefined);
  return [`${scheme}://${places.join(',')}`, ...path].join('/');
}
