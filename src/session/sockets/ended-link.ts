import type { Redis } from 'ioredis';
import { connectionBeside, type ConnectionBeside } from '../store/connection-beside.js';

// Together shorter than the second within which a socket is closed, with time left to look at its session.
const PING_EVERY_MS = 300;
const PING_DEADLINE_MS = 400;
const LATE = new Error('Redis does not answer.');

/** What a link tells whoever has opened it. */
export interface LinkEvents {
  /** A script has told something, see `parseNews`. */
  onEnded: (message: string) => void;
  /** Something may have been missed until now, or may be from now on. */
  onGap: () => void;
}

/**
 * One connection to one server, subscribed to what its scripts say of ended sessions. It comes back by itself. A server
 * that is frozen or unplugged closes nothing, nor does a firewall that has forgotten the connection: so it is asked every 300 ms
 * whether it is there.
 *
 * Commands: SUBSCRIBE, PING.
 */
export class EndedLink {
  /** Whether nothing can be missed at the moment. */
  isUp = false;
  private isAsking = false;
  private readonly connection: ConnectionBeside;
  private readonly redis: Redis;
  private readonly timer: NodeJS.Timeout;

  /** @param base a client of that server, or of whoever its sentinels name; it is not used itself */
  constructor(
    base: Redis,
    private readonly channel: string,
    private readonly events: LinkEvents,
  ) {
    this.connection = connectionBeside(base, {
      autoResubscribe: false,
      commandTimeout: undefined,
      socketTimeout: undefined,
    });
    this.redis = this.connection.redis;
    this.redis.on('close', () => this.fall());
    this.redis.on('ready', () => void this.subscribe());
    this.redis.on('message', (_channel: string, message: string) => this.events.onEnded(message));
    this.timer = setInterval(() => void this.ping(), PING_EVERY_MS).unref();
    this.redis.connect().catch(() => undefined);
  }

  close(): void {
    clearInterval(this.timer);
    this.connection.close();
  }

  private async subscribe(): Promise<void> {
    try {
      await this.within(this.redis.subscribe(this.channel));
    } catch (error) {
      // Not allowed, or gone: without news the sessions are asked about in turn, and it is tried again with the next ping.
      if (error === LATE) this.redis.disconnect(true);
      return;
    }
    this.isUp = true;
    this.events.onGap();
  }

  private fall(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.events.onGap();
  }

  private async ping(): Promise<void> {
    if (this.redis.status === 'end') this.redis.connect().catch(() => undefined);
    // One at a time: what an old connection did not answer says nothing of the next one.
    if (this.redis.status !== 'ready' || this.isAsking) return;
    this.isAsking = true;
    if (this.isUp) await this.ask();
    else await this.subscribe();
    this.isAsking = false;
  }

  private async ask(): Promise<void> {
    try {
      await this.within(this.redis.ping());
    } catch {
      this.fall();
      this.redis.disconnect(true);
    }
  }

  private async within<T>(reply: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      // Behind what has arrived already: on a busy node a timer is late, and not only the timer.
      const giveUp = () => setImmediate(() => reject(LATE));
      timer = setTimeout(giveUp, PING_DEADLINE_MS).unref();
    });
    return Promise.race([reply, late]).finally(() => clearTimeout(timer));
  }
}
