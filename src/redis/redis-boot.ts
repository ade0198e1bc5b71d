import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';

import { describeRedisUrl, messageOf } from './redis-client.js';

const OLDEST_MAJOR = 7;

export interface RedisBootOptions {
  url: string;
  production: boolean;
  /** How long to wait for the first connection, ms: a container's Redis may start a moment after the program. */
  deadlineMs: number;
}

/** Redis cannot be used as it is. The message says why and what to do. */
export class RedisBootError extends Error {
  override readonly name = 'RedisBootError';
}

/**
 * Connects `client`, waits until it is ready and looks at the server behind it.
 *
 * @throws {RedisBootError} when Redis does not answer in time, refuses the credentials, is older than 7.0, or, in
 *   production, may throw sessions away when its memory is full. The client is closed then.
 */
export async function bootRedis(client: Redis, options: RedisBootOptions): Promise<void> {
  try {
    await ready(client, options);
    checkServer(await client.info(), options);
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

function ready(client: Redis, { url, deadlineMs }: RedisBootOptions): Promise<void> {
  const where = describeRedisUrl(url);
  return new Promise((resolve, reject) => {
    let last: Error | undefined;
    const settle = (error?: RedisBootError) => {
      clearTimeout(timer);
      client.off('ready', onReady);
      client.off('error', onError);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onReady = () => settle();
    const onError = (error: Error) => {
      last = error;
      // Waiting does not make a wrong password right.
      if (/^(WRONGPASS|NOAUTH|NOPERM)|invalid password/i.test(error.message)) {
        settle(
          new RedisBootError(
            `Redis at ${where} refuses the credentials. Check user and password in REDIS_URL.`,
          ),
        );
      }
    };
    const timer = setTimeout(() => {
      const reason = last === undefined ? 'no answer' : messageOf(last);
      const advice = 'Start it, or set REDIS_URL to one that runs.';
      settle(
        new RedisBootError(
          `Redis at ${where} was not ready within ${deadlineMs / 1_000} s: ${reason}. ${advice}`,
        ),
      );
    }, deadlineMs);
    client.on('ready', onReady);
    client.on('error', onError);
    // Its failure arrives as 'error', and the client goes on trying.
    client.connect().catch(() => undefined);
  });
}

/**
 * Judges a server by the text of its `INFO`.
 *
 * @throws {RedisBootError} as {@link bootRedis} does.
 */
export function checkServer(
  info: string,
  { url, production }: Pick<RedisBootOptions, 'url' | 'production'>,
): void {
  const where = describeRedisUrl(url);
  // Valkey names the Redis version it is compatible with in the same field.
  const version = field(info, 'redis_version');
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new RedisBootError(
      `Redis at ${where} is version ${version}. Latchkey needs Redis 7.0 or later, or Valkey.`,
    );
  }
  const policy = field(info, 'maxmemory_policy');
  if (policy === 'noeviction') return;
  const message =
    `Redis at ${where} has maxmemory-policy ${policy}: when its memory is full it would throw live sessions away, and ` +
    'revocations with them. Set "maxmemory-policy noeviction".';
  if (production) throw new RedisBootError(message);
  new Logger('Redis').warn(message);
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? 'unknown';
}
