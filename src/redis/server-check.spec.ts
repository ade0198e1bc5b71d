import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { RedisSettings } from './redis-settings.js';
import { checkServer, NotPrimaryYetError } from './server-check.js';

const SINGLE: RedisSettings = {
  topology: 'single',
  socket: undefined,
  hosts: [{ host: 'cache', port: 6379 }],
  primaryName: undefined,
  user: 'app',
  password: 'secret',
  database: 0,
  sentinelUser: undefined,
  sentinelPassword: undefined,
  tls: undefined,
};
const info = (fields: Record<string, string>): string =>
  Object.entries({
    redis_version: '7.0.15',
    redis_mode: 'standalone',
    role: 'master',
    maxmemory_policy: 'noeviction',
    ...fields,
  })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');
const check = (
  fields: Record<string, string>,
  topology: RedisSettings['topology'] = 'single',
  production = true,
) => checkServer(info(fields), { ...SINGLE, topology }, { production });

describe('checkServer', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(['7.0.0', '7.2.4', '8.2.1', '10.0.0'])('takes version %s', (redis_version) => {
    expect(() => check({ redis_version })).not.toThrow();
  });

  it('takes Valkey, which names the version of Redis that it is compatible with', () => {
    const valkey = { server_name: 'valkey', valkey_version: '8.1.1', redis_version: '7.2.4' };
    expect(() => check(valkey)).not.toThrow();
  });

  it('refuses a server that is too old, without its password in the message', () => {
    expect(() => check({ redis_version: '6.2.14' }, 'single', false)).toThrow(
      'Redis at redis://cache:6379 is version 6.2.14. Latchkey needs Redis 7.0 or later, or Valkey.',
    );
  });

  it('refuses a server that may evict sessions in production, and warns of it in development', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const evicting = { maxmemory_policy: 'volatile-lru' };
    expect(() => check(evicting)).toThrow(/maxmemory-policy volatile-lru/);
    expect(warn).not.toHaveBeenCalled();
    check(evicting, 'single', false);
    expect(warn.mock.calls[0]?.[0]).toMatch(/Set "maxmemory-policy noeviction"/);
  });

  it('refuses a replica, and says which server is the primary', () => {
    expect(() => check({ role: 'slave', master_host: 'one', master_port: '6379' })).toThrow(
      /is a replica of one:6379 and takes no writes\. REDIS_URL must name the primary/,
    );
  });

  it.each(['sentinel', 'cluster'] as const)(
    'waits for the promotion of a replica that a %s has named',
    (topology) => {
      const redis_mode = topology === 'cluster' ? 'cluster' : 'standalone';
      expect(() => check({ role: 'slave', redis_mode }, topology)).toThrow(NotPrimaryYetError);
    },
  );

  it('says how the URL must begin for a server of another topology', () => {
    expect(() => check({ redis_mode: 'sentinel' })).toThrow(
      /is a sentinel\. Write REDIS_URL as redis\+sentinel:/,
    );
    expect(() => check({ redis_mode: 'cluster' })).toThrow(
      /is part of a cluster\. Write REDIS_URL as redis\+cluster:/,
    );
    expect(() => check({ redis_mode: 'cluster' }, 'cluster')).not.toThrow();
  });
});
