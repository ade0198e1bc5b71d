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

  it('has the cookie and the admin role that SessionModule has, and no others', () => {
    const cookie = { name: 'sid', secure: false, sameSite: 'lax' } as const;
    const session = { cookie, adminRole: 'boss' };
    expect(resolveAuthOptions({ userStore, throttle }, session)).toMatchObject(session);
    const same = { cookie: { name: 'sid' }, adminRole: 'boss' };
    expect(resolveAuthOptions({ userStore, throttle, ...same }, session)).toMatchObject(session);
    const other = { cookie: { name: '__Host-sid', secure: true }, adminRole: 'admin' };
    expect(() => resolveAuthOptions({ userStore, throttle, ...other }, session)).toThrow(
      /- cookie: is another one than SessionModule's; leave it out.+\n- adminRole: is another one/,
    );
  });

  it.each<[string, object, string]>([
    [
      'a misspelt option',
      { registeration: 'open' },
      'registeration: there is no such option; is registration',
    ],
    ['what stands beside a factory', { isGlobal: true }, 'isGlobal: .* beside useFactory'],
    ['a cost as a text', { argon2: { ...DEFAULT_ARGON2, timeCost: '2' } }, 'argon2: memoryKib, timeCost and'],
    ['a cost of another name', { argon2: { ...DEFAULT_ARGON2, memory: 1 } }, 'argon2.memory: there is no'],
    ['a hasher that only compares', { hasher: { verify: never } }, 'hasher: pass a PasswordHasher'],
    ['origins as a text', { origins: 'https://app.example.com' }, 'origins: every entry'],
    ['words as a text', { contextWords: 'shop' }, 'contextWords: must be a list'],
    ['what to forget as a text', { clearSiteData: 'cache' }, 'clearSiteData: every entry'],
    ['a window as a text', { reauthWindowMs: '900000' }, 'reauthWindowMs: must be a positive number'],
    ['an observer that hears nothing', { hashObserver: {} }, 'hashObserver: pass a HashObserver'],
    ['a user that is no function', { loadUser: {} }, 'loadUser: pass a function'],
    ['a cookie as a text', { cookie: 'sid' }, 'cookie: must be an object'],
    ['a cookie with a domain', { cookie: { domain: 'example.com' } }, 'cookie.domain: .* without Domain'],
  ])('refuses %s, by name and with what to do', (_, wrong, message) => {
    expect(() => resolveAuthOptions({ userStore, throttle, ...wrong })).toThrow(
      new RegExp(`^AuthModule cannot start:\\n- ${message}[^\\n]*$`),
    );
  });

  it('refuses what is no object in place of options', () => {
    expect(() => resolveAuthOptions(undefined as never)).toThrow('- options: pass an object');
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
