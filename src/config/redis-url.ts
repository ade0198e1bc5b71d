/** Where Redis is, as `REDIS_URL` says it. */
export interface RedisServers {
  topology: 'single' | 'sentinel' | 'cluster';
  tls: boolean;
  /** The unix socket of a single server; there are no hosts then. */
  socket: string | undefined;
  /** The server, the sentinels, or some servers of the cluster. */
  hosts: { host: string; port: number }[];
  /** What the sentinels call the primary. */
  primaryName: string | undefined;
  user: string | undefined;
  password: string | undefined;
  /** Number of the database; a cluster has only the first. */
  database: number;
}

const SERVER_PORT = 6379;
const SENTINEL_PORT = 26379;

// Not URLs by the rules of WHATWG, which know one host only. What stands before the last @ is user and password.
const NETWORK = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:(.*)@)?([^@/?#]+)(?:\/([^?#]*))?$/;
const SOCKET = /^unix:(?:\/\/(?:(.*)@)?)?(\/[^?#]+)$/;
const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;

/**
 * Reads `redis://user:password@host:6379/0`, `redis+sentinel://host:26379,host:26379/name/0`,
 * `redis+cluster://host:6379,host:6379` (each with `rediss` for TLS), `unix:/path` and `unix://user:password@/path`;
 * null for everything else, also for a query. User and password are percent-encoded.
 */
export function parseRedisUrl(text: string): RedisServers | null {
  const socket = SOCKET.exec(text);
  const [, secure, kind = 'single', credentials = socket?.[1], authority, path = ''] =
    NETWORK.exec(text) ?? [];
  const access = credentialsOf(credentials);
  if (access === null) return null;
  const common = { tls: secure === 's', socket: socket?.[2], primaryName: undefined, ...access };
  if (socket) return { ...common, topology: 'single', hosts: [], database: 0 };
  if (authority === undefined) return null;

  const topology = kind as RedisServers['topology'];
  const hosts = hostsOf(authority, topology === 'sentinel' ? SENTINEL_PORT : SERVER_PORT);
  const [, primaryName, number = ''] =
    (topology === 'sentinel' ? /^([\w.-]+)(?:\/(\d{1,4}))?$/ : /^()(\d{0,4})$/).exec(path) ?? [];
  if (hosts === null || primaryName === undefined) return null;
  if (topology === 'single' && hosts.length > 1) return null;
  if (topology === 'cluster' && Number(number) !== 0) return null;
  return { ...common, topology, hosts, primaryName: primaryName || undefined, database: Number(number) };
}

function credentialsOf(text: string | undefined): Pick<RedisServers, 'user' | 'password'> | null {
  if (text === undefined) return { user: undefined, password: undefined };
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  try {
    return {
      user: decodeURIComponent(text.slice(0, colon)) || undefined,
      password: decodeURIComponent(text.slice(colon + 1)) || undefined,
    };
  } catch {
    return null;
  }
}

function hostsOf(authority: string, defaultPort: number): RedisServers['hosts'] | null {
  const hosts: RedisServers['hosts'] = [];
  for (const entry of authority.split(',')) {
    const [, host, port = String(defaultPort)] = HOST.exec(entry) ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
    hosts.push({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
  }
  return hosts;
}
