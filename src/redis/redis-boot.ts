import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';

import { messageOf } from './redis-client.js';
import { refusalOf } from './refusals.js';
import { describeRedis, RedisBootError, type RedisSettings } from './redis-settings.js';
import { checkServer } from './server-check.js';

const RETRY_MS = 200;

/**
 * The first look at Redis: connects, waits until it is there, however long that takes, and looks at every server behind
 * it. What waiting cannot make right ends it: wrong credentials, a server that must not be used.
 */
export class RedisBoot {
  /**
   * Resolves when Redis is there and fit; rejects with {@link RedisBootError} when it is not fit, and the client is
   * closed then. Never settles when the client is closed before.
   */
  readonly checked: Promise<void>;
  /** Whether `checked` has resolved. */
  done = false;
  private reason = 'no answer';

  constructor(
    readonly client: Redis | Cluster,
    private readonly settings: RedisSettings,
    private readonly production: boolean,
  ) {
    this.checked = this.run();
    // Whoever waits for it is told; that nobody does is no error.
    this.checked.catch(() => undefined);
  }

  /** @returns whether Redis was there and fit within that time. @throws {RedisBootError} as `checked` does */
  async within(deadlineMs: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(deadlineMs, false, { signal: timer.signal }).catch(() => false);
    try {
      return await Promise.race([this.checked.then(() => true), late]);
    } finally {
      timer.abort();
    }
  }

  /** Says once, in the log, what is waited for and what that means. */
  announce(): void {
    new Logger('Redis').warn(
      `Waiting for Redis at ${describeRedis(this.settings)}: ${this.reason.replace(/\.$/, '')}. ` +
        'Until it answers, requests that need a session get 503.',
    );
  }

  /** What to say when nobody waits any longer. */
  unreachable(deadlineMs: number): RedisBootError {
    return new RedisBootError(
      `Redis at ${describeRedis(this.settings)} was not ready within ${deadlineMs / 1_000} s: ${this.reason}. ` +
        'Start it, or set REDIS_URL to one that runs.',
    );
  }

  private async run(): Promise<void> {
    for (;;) {
      try {
        await this.untilReady();
        await this.examine();
        this.done = true;
        return;
      } catch (error) {
        if (error instanceof RedisBootError) {
          this.client.disconnect();
          throw error;
        }
        // Gone again, or a replica that is about to be promoted.
        this.reason = messageOf(error as Error);
        if (this.settings.topology === 'sentinel' && this.client.status === 'ready')
          this.client.disconnect(true);
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private async examine(): Promise<void> {
    const { client, settings, production } = this;
    if (!client.isCluster) return checkServer(await client.info(), settings, { production });
    for (const node of (client as Cluster).nodes('master')) {
      const address = `${node.options.host}:${node.options.port}`;
      checkServer(await node.info(), settings, { production, address });
    }
  }

  private untilReady(): Promise<void> {
    const { client } = this;
    if (client.status === 'ready') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: RedisBootError) => {
        client.off('ready', onReady).off('error', onError).off('node error', onError);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onReady = () => settle();
      const onError = (error: Error) => {
        this.reason = messageOf(error);
        const refusal = refusalOf(error, this.settings);
        if (refusal) settle(refusal);
      };
      client.on('ready', onReady).on('error', onError).on('node error', onError);
      // Its failure arrives as 'error', and the client goes on trying.
      if (client.status === 'wait') client.connect().catch(() => undefined);
    });
  }
}
