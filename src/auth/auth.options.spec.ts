import { describe, expect, it } from '@jest/globals';
import { totalmem } from 'node:os';
import type { AuthModuleOptions } from './auth.module-definition.js';
import { resolveAuthOptions } from './auth.options.js';
import type { LoginThrottle } from './login-throttle.js';
import { DEFAULT_ARGON2 } from './password/argon2.hasher.js';
import { hashCapacity, thisMachine } from './password/hash-capacity.js';
import type { UserStore } from './user-store.js';

const never = () => Promise.reject(new Error('not called'));
const userStore: UserStore = {
  findByEmail: never,
  findCredentials: never,
  create: never,
  rehash: never,
  changePassword: never,
};
const throttle: LoginThrottle = { begin: never, reset: never, forgetDevices: never };

describe('resolveAuthOptions', () => {
  it('fills in safe defaults', () => {
    const resolved = resolveAuthOptions({ userStore, throttle });
    expect(resolved).toMatchObject({
      registration: 'closed',
      passwordMinLength: 15,
      reauthWindowMs: 900_000,
      resetLifetimeMs: 3_600_000,
      clearSiteData: ['cache', 'storage'],
      cookie: { name: '__Host-sid', secure: true, sameSite: 'lax' },
    });
    expect(resolved.isKnownOrigin('https://app.example.com', {} as never)).toBe(false);
  });

  it('knows origins by list or by function', () => {
    const known = (origins: AuthModuleOptions['origins'], origin: string) =>
      resolveAuthOptions({ userStore, throttle, origins }).isKnownOrigin(origin, {} as never);
    expect(known(['https://APP.example.com/'], 'https://app.example.com')).toBe(true);
    expect(known(['https://app.example.com'], 'https://app.example.com:8443')).toBe(false);
    expect(known((origin) => origin.endsWith('.example.com'), 'https://x.example.com')).toBe(true);
  });

  it('hashes no more at a time than the machine has room for, whatever is asked for', () => {
    const { hasher } = resolveAuthOptions({ userStore, throttle, hashConcurrency: 10_000 });
    expect(hasher.limits).toEqual({
      concurrency: hashCapacity(DEFAULT_ARGON2, thisMachine()),
      queueLength: 64,
    });
    const one = resolveAuthOptions({ userStore, throttle, hashConcurrency: 1, hashQueueLength: 0 });
    expect(one.hasher.limits).toEqual({ concurrency: 1, queueLength: 0 });
  });

  it('does not start with hashes that memory has no room for', () => {
    const argon2 = { ...DEFAULT_ARGON2, memoryKib: Math.ceil(totalmem() / 1024 / 3) };
    expect(() => resolveAuthOptions({ userStore, throttle, argon2 })).toThrow(
      '- argon2: one hash would take more than a quarter of the memory',
    );
  });

  it('confirms registrations only with a way to send mails and to keep tokens', () => {
    const confirming = { userStore, throttle, registration: 'confirm' } as const;
    const oneTimeTokens = { put: never, find: never, take: never };
    const mailSender = { sendRegistration: never, sendAccountExists: never, sendPasswordReset: never };
    expect(() => resolveAuthOptions(confirming)).toThrow(/- mailSender: .+\n- oneTimeTokens: /);
    expect(() => resolveAuthOptions({ ...confirming, mailSender })).toThrow(/:\n- oneTimeTokens: [^\n]+$/);
    expect(resolveAuthOptions({ ...confirming, mailSender, oneTimeTokens })).toMatchObject({
      registration: 'confirm',
      registrationLifetimeMs: 86_400_000,
    });
  });

  it('reports everything that is wrong at once, with what to do', () => {
    const wrong = {
      registration: 'maybe',
      mailSender: {},
      oneTimeTokens: { put: 1 },
      registrationLifetimeMs: 0.5,
      resetLifetimeMs: -1,
      passwordMinLength: 7,
      reauthWindowMs: 0,
      hashConcurrency: 0,
      hashQueueLength: -1,
      threadPoolSize: 0,
      hasher: {},
      events: {},
      notifier: {},
      breachedPasswords: {},
      origins: ['https://app.example.com', '*'],
      clearSiteData: ['"cache"'],
    } as unknown as AuthModuleOptions;
    expect(() => resolveAuthOptions(wrong)).toThrow(TypeError);
    const message = String(
      (() => {
        try {
          return resolveAuthOptions(wrong);
        } catch (error) {
          return error;
        }
      })(),
    );
    for (const name of [...Object.keys(wrong), 'userStore', 'throttle'])
      expect(message).toContain(`- ${name}: `);
    expect(message).toContain('new RedisLoginThrottle({ client })');
    expect(message).not.toContain('maybe');
  });
});
