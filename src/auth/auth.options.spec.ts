import { describe, expect, it } from '@jest/globals';
import type { AuthModuleOptions } from './auth.module-definition.js';
import { resolveAuthOptions } from './auth.options.js';
import type { LoginThrottle } from './login-throttle.js';
import type { UserStore } from './user-store.js';

const never = () => Promise.reject(new Error('not called'));
const userStore: UserStore = {
  findByEmail: never,
  findCredentials: never,
  create: never,
  rehash: never,
  changePassword: never,
};
const throttle: LoginThrottle = { begin: never, reset: never };

describe('resolveAuthOptions', () => {
  it('fills in safe defaults', () => {
    const resolved = resolveAuthOptions({ userStore, throttle });
    expect(resolved).toMatchObject({
      registration: 'closed',
      passwordMinLength: 15,
      reauthWindowMs: 900_000,
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

  it('reports everything that is wrong at once, with what to do', () => {
    const wrong = {
      registration: 'maybe',
      passwordMinLength: 7,
      reauthWindowMs: 0,
      hashConcurrency: 0,
      hashQueueLength: -1,
      hasher: {},
      events: {},
      origins: ['https://app.example.com/path'],
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
