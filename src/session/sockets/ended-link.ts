import { Redis } from 'ioredis';

const PING_EVERY_MS = 1_000;
const PING_DEADLINE_MS = 1_000;
const FIRST_RETRY_MS = 25;
const LONGEST_RETRY_MS = 500;

/** What a link tells whoever has opened it. */
export interface LinkEvents {
  /** Something ended under this tag. */
  onEnded: (tag: string) => void;
  /** From now on nothing is missed; until now something may have been. */
  onUp: () => void;
}

/**
 * One connection to one server, subscribed to what its scripts say of ended sessions. It comes back by itself. A server
 * that is frozen or unplugged closes nothing, so it is asked every second whether it is there.
 *
 * Commands: SUBSCRIBE, PING.
 */
export class EndedLink {
  /** Whether nothing can be missed at the moment. */
  isUp = false;
  private readonly redis: Redis;
  private readonly timer: NodeJS.Timeout;
  private readonly leaveServer = () => {
    if (this.redis.status === 'ready') this.redis.disconnect(true);
  };

  /** @param base a client of that server, or of whoever its sentinels name; it is not used itself */
  constructor(
    private readonly base: Redis,
    private readonly channel: string,
    private readonly events: LinkEvents,
  ) {
    this.redis = new Redis({
      ...base.options,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      readOnly: false,
      commandTimeout: undefined,
      socketTimeout: undefined,
      retryStrategy: (attempt) => Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS),
    });
    // The client that this one was made from reports what is wrong with the server.
    this.redis.on('error', () => undefined);
    this.redis.on('close', () => (this.isUp = false));
    this.redis.on('ready', () => void this.subscribe());
    this.redis.on('message', (_channel: string, tag: string) => this.events.onEnded(tag));
    // That one leaves a server that has become a replica; this one, which only listens, would not notice.
    base.on('close', this.leaveServer);
    this.timer = setInterval(() => void this.ping(), PING_EVERY_MS).unref();
    this.redis.connect().catch(() => undefined);
  }

  close(): void {
    clearInterval(this.timer);
    this.base.off('close', this.leaveServer);
    this.redis.disconnect();
  }

  private async subscribe(): Promise<void> {
    try {
      await this.within(this.redis.subscribe(this.channel));
    } catch {
      // Not allowed, or gone: without news the sessions are asked about in turn, and it is tried again with the next ping.
      return;
    }
    this.isUp = true;
    this.events.onUp();
  }

  private async ping(): Promise<void> {
    if (this.redis.status === 'end') this.redis.connect().catch(() => undefined);
    if (this.redis.status !== 'ready') return;
    if (!this.isUp) return this.subscribe();
    try {
      await this.within(this.redis.ping());
    } catch {
      this.isUp = false;
      this.redis.disconnect(true);
    }
  }

  private async within<T>(reply: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      // Behind what has arrived already: on a busy node a timer is late, and not only the timer.
      const giveUp = () => setImmediate(() => reject(new Error('Redis does not answer.')));
      timer = setTimeout(giveUp, PING_DEADLINE_MS).unref();
    });
    return Promise.race([reply, late]).finally(() => clearTimeout(timer));
  }
}
