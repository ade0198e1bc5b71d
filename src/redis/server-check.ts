import { Logger } from '@nestjs/common';

import { describeRedis, RedisBootError, type RedisSettings } from './redis-settings.js';

const OLDEST_MAJOR = 7;

/** A server that will do soon: another one is about to become the primary. */
export class NotPrimaryYetError extends Error {
  override readonly name = 'NotPrimaryYetError';
}

/**
 * Judges a server by the text of its `INFO`.
 *
 * @param address of the server, when it is one of several
 * @throws {RedisBootError} when it is older than 7.0, of another topology than the settings say, a replica, or, in
 *   production, may throw sessions away when its memory is full; in development the last is a warning
 * @throws {NotPrimaryYetError} when it is a replica that others have called the primary
 */
export function checkServer(
  info: string,
  settings: RedisSettings,
  { production, address }: { production: boolean; address?: string },
): void {
  const where = `Redis at ${describeRedis(settings)}${address === undefined ? '' : ` (${address})`}`;
  // Valkey names the Redis version it is compatible with in the same field.
  const version = field(info, 'redis_version');
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new RedisBootError(`${where} is version ${version}. Latchkey needs Redis 7.0 or later, or Valkey.`);
  }
  checkTopology(info, settings, where);
  const policy = field(info, 'maxmemory_policy');
  if (policy === 'noeviction') return;
  const message =
    `${where} has maxmemory-policy ${policy}: when its memory is full it would throw live sessions away, and ` +
    'revocations with them. Set "maxmemory-policy noeviction".';
  if (production) throw new RedisBootError(message);
  new Logger('Redis').warn(message);
}

function checkTopology(info: string, { topology }: RedisSettings, where: string): void {
  const mode = field(info, 'redis_mode');
  if (mode === 'sentinel') {
    throw new RedisBootError(`${where} is a sentinel. Write REDIS_URL as redis+sentinel://host:port/name.`);
  }
  if (mode === 'cluster' && topology !== 'cluster') {
    throw new RedisBootError(`${where} is part of a cluster. Write REDIS_URL as redis+cluster://host:port.`);
  }
  if (field(info, 'role') !== 'slave') return;
  if (topology !== 'single') throw new NotPrimaryYetError(`${where} is a replica`);
  const primary = `${field(info, 'master_host')}:${field(info, 'master_port')}`;
  throw new RedisBootError(
    `${where} is a replica of ${primary} and takes no writes. REDIS_URL must name the primary, or its sentinels as ` +
      'redis+sentinel://host:port/name.',
  );
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? 'unknown';
}
