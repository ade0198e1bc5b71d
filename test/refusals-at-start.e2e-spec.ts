import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';

import { startProgram } from './support/program.js';

jest.setTimeout(60_000);

const random = () => randomBytes(48).toString('base64');
const MAKE_ONE = 'make one with: openssl rand -base64 48';

const PRODUCTION = {
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PORT: '0',
  REDIS_URL: 'unix:/nowhere/redis.sock',
  DATABASE_URL: 'sqlite::memory:',
  PUBLIC_URL: 'https://accounts.example.com',
  SESSION_SECRETS: random(),
  SESSION_INDEX_KEYS: random(),
  ARGON2_MEMORY_KIB: '19456',
};

describe('a production', () => {
  const disposals: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const dispose of disposals) await dispose();
  });

  /** Starts the program and waits for its end. */
  const startAndFail = async (settings: Record<string, string>): Promise<string[]> => {
    const program = await startProgram({ ...PRODUCTION, ...settings });
    disposals.push(program.dispose);
    expect(await program.ended).toMatchObject({ code: 1 });
    return program.output;
  };

  // The program reports every problem at once, so one start per line will do.
  it.each<Record<string, [value: string, rule: string | RegExp]>>([
    {
      SESSION_SECRETS: ['ssssssssssssssssssssssssssssssssssssssss', MAKE_ONE],
      SESSION_INDEX_KEYS: ['too short a key', 'every secret must have at least 32 characters'],
      ALLOWED_ORIGINS: ['*', /must be origins such as https:\/\/\S+, separated by commas: no \*/],
      PUBLIC_URL: ['http://accounts.example.com', 'must be https in production'],
      SESSION_WEB_ABSOLUTE: ['0', 'must be a duration above zero such as'],
      SESSION_BEARER_ABSOLUTE: ['off', 'must be a duration above zero such as'],
      SESSION_ADMIN_ABSOLUTE: ['-1h', 'must be a duration above zero such as'],
      TRUSTED_PROXIES: ['true', 'must be IP addresses and networks such as 10.0.0.0/8'],
      ARGON2_MEMORY_KIB: ['1024', 'must be at least 35840'],
      DEBUG: ['express-session-no', 'must not be set in production'],
    },
    {
      SESSION_SECRETS: [
        'example-session-secret-replace-me-0123456789',
        `must not be an example value; ${MAKE_ONE}`,
      ],
      SESSION_INDEX_KEYS: ['abababababababababababababababababab', MAKE_ONE],
      ALLOWED_ORIGINS: ['http://shop.example.com', 'must be https in production'],
      DATABASE_URL: [
        'postgres://latchkey:example0change0me@db/latchkey',
        'must not have an example for a password',
      ],
      SESSION_WEB_ABSOLUTE: ['25h', 'must be at most 24h'],
      SESSION_BEARER_ABSOLUTE: ['31d', 'must be at most 30d'],
      SESSION_ADMIN_ABSOLUTE: ['13h', 'must be at most 12h'],
      SESSION_ADMIN_IDLE: ['16m', 'must be at most 15m'],
      TRUSTED_PROXIES: ['0.0.0.0/0', 'must be IP addresses and networks such as 10.0.0.0/8'],
    },
    {
      SESSION_SECRETS: ['', 'must be set'],
      SESSION_INDEX_KEYS: ['', 'must be set'],
      PUBLIC_URL: ['', 'must be set'],
      REDIS_URL: ['', 'must be set'],
      DATABASE_URL: ['', 'must be set'],
    },
  ])('refuses to start with %j, says of each what to do, and quotes none', async (wrong) => {
    const values = Object.entries(wrong).map(([name, [value]]) => [name, value]);
    const output = await startAndFail(Object.fromEntries(values) as Record<string, string>);
    expect(output[0]).toBe('The settings cannot be used:');
    for (const [name, [, rule]] of Object.entries(wrong)) {
      const line = output.find((candidate) => candidate.startsWith(`  ${name}: `));
      expect({ name, line }).toEqual({
        name,
        line: typeof rule === 'string' ? expect.stringContaining(rule) : expect.stringMatching(rule),
      });
    }
    expect(output).toHaveLength(Object.keys(wrong).length + 1);
    for (const [value] of Object.values(wrong)) {
      if (value.length > 4) expect(output.join('\n')).not.toContain(value);
    }
  });

  it('gets past its settings with all of them right', async () => {
    const program = await startProgram(PRODUCTION);
    disposals.push(program.dispose);
    await program.line(/Waiting for Redis at unix:\/nowhere\/redis\.sock/);
    expect(program.output.join('\n')).not.toContain('settings');
  });
});
