import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { UsersService } from '../src/users/index.js';
import { deleteKeys } from './support/delete-keys.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient } from './support/clients.js';
import { distinguishability, timeInterleaved } from './support/distinguish.js';

const WRONG = 'not the password of anybody';
const TOO_LONG = 'x'.repeat(1025);

/**
 * Of 125 times each, two kinds that do the same work come within 0.04 of one half (one standard deviation), so this is
 * six of them away. A hash that is left out is at the other end: see the control, which does without one.
 */
const TELLING = 0.25;
const ROUNDS = 125;
const TIMEOUT_MS = 180_000;

describe('the time of an answer', () => {
  let app: TestApp;
  let redis: Redis;
  let client: CookieClient;

  beforeAll(async () => {
    // A few milliseconds a hash: cheap, and yet the most of what an answer takes.
    app = await startApp({
      env: { REGISTRATION: 'confirm', ARGON2_MEMORY_KIB: '4096', ARGON2_TIME: '3' },
    });
    redis = app.redis.client();
    client = new CookieClient(app.url);
    await app.createUser({ email: 'known@example.com' });
    const { id } = await app.createUser({ email: 'disabled@example.com' });
    await app.app.get(UsersService, { strict: false }).update(id, { disabled: true });
  });
  afterAll(() => app.close());

  /** Nobody is throttled, however often he tries. */
  const forgetAttempts = async () => {
    await deleteKeys(redis, 'lk:throttle:*');
  };

  const answered = async (path: string, body: unknown, status: number) => {
    expect((await client.post(path, body)).status).toBe(status);
  };
  const login = (email: string, password: string, status = 401) =>
    answered('/auth/login', { email, password }, status);
  const register = (email: string, password = PASSWORD, status = 202) =>
    answered('/auth/register', { email, password }, status);

  /** Which of these cannot be told from the first; all of them, one hopes. */
  function alike(times: Record<string, number[]>): Record<string, boolean> {
    const [[, reference = []] = [], ...others] = Object.entries(times);
    return Object.fromEntries(
      others.map(([kind, series]) => [kind, Math.abs(distinguishability(series, reference) - 0.5) < TELLING]),
    );
  }

  it(
    'tells nobody at a login why it was refused',
    async () => {
      const times = await timeInterleaved(
        {
          unknown: (round) => login(`unknown${round}@example.com`, WRONG),
          known: () => login('known@example.com', WRONG),
          disabled: () => login('disabled@example.com', PASSWORD),
          'too long': () => login('known@example.com', TOO_LONG),
          'control, without a hash': () => login('known@example.com', '', 400),
        },
        ROUNDS,
        forgetAttempts,
      );
      expect(alike(times)).toEqual({
        known: true,
        disabled: true,
        'too long': true,
        'control, without a hash': false,
      });
    },
    TIMEOUT_MS,
  );

  it(
    'tells nobody at a registration that is to be confirmed who has an account',
    async () => {
      const times = await timeInterleaved(
        {
          free: (round) => register(`free${round}@example.com`),
          taken: () => register('known@example.com'),
          disabled: () => register('disabled@example.com'),
          'control, without a hash': () => register('known@example.com', 'short', 400),
        },
        ROUNDS,
        forgetAttempts,
      );
      expect(alike(times)).toEqual({ taken: true, disabled: true, 'control, without a hash': false });
    },
    TIMEOUT_MS,
  );
});
