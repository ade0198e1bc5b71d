import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { checkServer } from './redis-boot.js';

const info = (version: string, policy = 'noeviction'): string =>
  `# Server\r\nredis_version:${version}\r\nmaxmemory_policy:${policy}\r\n`;
const options = (production: boolean) => ({ url: 'redis://app:secret@cache:6379', production });

describe('checkServer', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(['7.0.0', '7.2.4', '8.2.1', '10.0.0'])('takes version %s', (version) => {
    expect(() => checkServer(info(version), options(true))).not.toThrow();
  });

  it('refuses a server that is too old, without its password in the message', () => {
    expect(() => checkServer(info('6.2.14'), options(false))).toThrow(
      'Redis at redis://cache:6379 is version 6.2.14. Latchkey needs Redis 7.0 or later, or Valkey.',
    );
  });

  it('refuses a server that may evict sessions in production, and warns of it in development', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    expect(() => checkServer(info('7.0.15', 'volatile-lru'), options(true))).toThrow(
      /maxmemory-policy volatile-lru/,
    );
    expect(warn).not.toHaveBeenCalled();
    checkServer(info('7.0.15', 'volatile-lru'), options(false));
    expect(warn.mock.calls[0]?.[0]).toMatch(/Set "maxmemory-policy noeviction"/);
  });
});
