import { Redis, type RedisOptions } from 'ioredis';

const FIRST_RETRY_MS = 25;
const LONGEST_RETRY_MS = 500;

/** A connection of its own to the server of a client. */
export interface ConnectionBeside {
  redis: Redis;
  close(): void;
}

/**
 * A connection to the server of a client, or to whoever its sentinels name, for what must not share the client's own: a
 * subscription, or a command that blocks. Not connected yet. It queues nothing, sends nothing twice and comes back by
 * itself; its errors are the client's to report, which meets them too.
 *
 * It leaves a server when the client does. That one is in use, so it notices a server that hangs or is no primary any more;
 * this one, idle meanwhile, would still be connected when the server goes on without knowing what has become of it.
 * @param base is not used itself
 * @param options what differs from it
 */
export function connectionBeside(base: Redis, options: RedisOptions): ConnectionBeside {
  const redis = new Redis({
    ...base.options,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    readOnly: false,
    retryStrategy: (attempt) => Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS),
    ...options,
  });
  redis.on('error', () => undefined);
  const leaveServer = (): void => {
    if (redis.status === 'ready') redis.disconnect(true);
  };
  base.on('close', leaveServer);
  return {
    redis,
    close() {
      base.off('close', leaveServer);
      redis.disconnect();
    },
  };
}
