import { Redis, type RedisOptions, type SentinelConnectionOptions } from 'ioredis';

// The ways to the sentinels are no request's way; there is no hurry to have one back.
const RETRY_MS = 1_000;

/** Where the sentinels are, what they call the primary, and how to get in there. */
export type SentinelAccess = Pick<
  SentinelConnectionOptions,
  'sentinels' | 'name' | 'sentinelUsername' | 'sentinelPassword' | 'sentinelTLS'
>;

/**
 * Makes a client leave its primary as soon as any sentinel says that there is another. In a planned failover the old one
 * goes on answering for seconds, and what it is told meanwhile is lost.
 *
 * Only a client that is connected is told to connect anew, once per switch: ioredis's own `failoverDetector` also breaks
 * off an attempt to connect, after which a client never connects again (docs/decisions/0007-redis-topologies.md).
 */
export function followSwitches(client: Redis, access: SentinelAccess): Redis {
  let watches: Redis[] = [];
  client.on('connecting', () => {
    if (watches.length > 0) return;
    watches = (access.sentinels ?? []).map((address) => watch(address, access, () => leave(client)));
  });
  client.on('end', () => {
    for (const one of watches) one.disconnect();
    watches = [];
  });

  function watch(
    address: { host?: string; port?: number },
    { name, sentinelUsername: username, sentinelPassword: password, sentinelTLS: tls }: SentinelAccess,
    onSwitch: () => void,
  ): Redis {
    const options: RedisOptions = {
      ...address,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(tls && { tls }),
      connectTimeout: 1_000,
      disconnectTimeout: 100,
      enableReadyCheck: false,
      // To be sent when it is there, whenever that is.
      maxRetriesPerRequest: null,
      retryStrategy: () => RETRY_MS * (0.5 + Math.random() / 2),
    };
    const sentinel = new Redis(options);
    // A sentinel that is away is reported by whoever asks it for the primary.
    sentinel.on('error', () => undefined);
    sentinel.on('message', (_channel, message: string) => {
      const [of, , , host, port] = message.split(' ');
      if (of === name && !isAt(client, host, Number(port))) onSwitch();
    });
    // Not allowed to: then the client finds out when the old primary refuses a write.
    sentinel.subscribe('+switch-master').catch(() => undefined);
    return sentinel;
  }
  return client;
}

function leave(client: Redis): void {
  if (client.status === 'ready') client.disconnect(true);
}

// Each of the sentinels says it, and the first may have been followed already.
function isAt({ stream }: Redis, host: string | undefined, port: number): boolean {
  const { remoteAddress, remotePort } =
    (stream as { remoteAddress?: string; remotePort?: number } | undefined) ?? {};
  return remoteAddress === host && remotePort === port;
}
