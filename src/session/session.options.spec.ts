import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { SessionModuleOptions } from './session.module-definition.js';
import { resolveSessionOptions } from './session.options.js';

const HOUR = 3_600_000;
const LIFE = { idleTimeoutMs: HOUR / 2, absoluteTimeoutMs: HOUR };
const secret = () => randomBytes(32).toString('base64url');
const client = { defineCommand: () => undefined, options: {} } as unknown as SessionModuleOptions['client'];
const right: SessionModuleOptions = { client, secrets: [secret()], indexKeys: [secret()] };

/** What the host is told, a line per problem. */
function problemsOf(wrong: Partial<SessionModuleOptions>): string[] {
  try {
    resolveSessionOptions({ ...right, ...wrong });
  } catch (error) {
    if (error instanceof TypeError) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}

describe('resolveSessionOptions', () => {
  it('fills in the defaults of the design', () => {
    expect(resolveSessionOptions(right)).toMatchObject({
      cookie: { name: '__Host-sid', secure: true, sameSite: 'lax' },
      lifetimes: {
        web: { idleTimeoutMs: HOUR / 2, absoluteTimeoutMs: 12 * HOUR },
        bearer: { idleTimeoutMs: 14 * 24 * HOUR, absoluteTimeoutMs: 30 * 24 * HOUR },
        admin: { idleTimeoutMs: HOUR / 4, absoluteTimeoutMs: 8 * HOUR },
        anonymous: { idleTimeoutMs: HOUR / 2, absoluteTimeoutMs: 24 * HOUR },
      },
      maxSessions: 10,
      limitPolicy: 'evict-lru',
    });
  });

  it.each<[string, Partial<SessionModuleOptions>, RegExp]>([
    ['no secret', { secrets: [] }, /^- secrets needs at least one entry/],
    ['a short secret', { secrets: [secret(), 'short'] }, /^- secrets: .* at least 32 characters/],
    [
      'a secret of one character',
      { secrets: ['s'.repeat(64)] },
      /^- secrets: .*guessed; make one with: openssl/,
    ],
    [
      'an index key of one word',
      { indexKeys: ['latchkey'.repeat(8)] },
      /^- indexKeys: .*guessed; make one with/,
    ],
    ['a cookie over plain http with a name that forbids it', { cookie: { secure: false } }, /^- cookie: /],
    [
      'a cookie for every site over plain http',
      { cookie: { name: 'a', secure: false, sameSite: 'none' } },
      /^- cookie: /,
    ],
  ])('refuses %s, by name and with what to do', (_, wrong, message) => {
    expect(problemsOf(wrong)).toEqual([expect.stringMatching(message)]);
    for (const value of [...(wrong.secrets ?? []), ...(wrong.indexKeys ?? [])])
      expect(problemsOf(wrong).join()).not.toContain(value);
  });

  it.each<[string, number, number]>([
    ['no absolute timeout', HOUR, Infinity],
    ['none at all', Infinity, Infinity],
    ['an absolute timeout of nothing', HOUR, 0],
    ['one that is no number', HOUR, NaN],
    ['one that is missing', HOUR, undefined as unknown as number],
    ['one of years, which is none', HOUR, 401 * 24 * HOUR],
    ['an idle timeout of nothing', 0, HOUR],
    ['an idle timeout beyond the absolute one', 2 * HOUR, HOUR],
  ])('refuses %s for every kind of session', (_, idleTimeoutMs, absoluteTimeoutMs) => {
    for (const name of ['web', 'bearer', 'admin', 'anonymous'] as const) {
      const lifetimes = { [name]: { idleTimeoutMs, absoluteTimeoutMs } };
      expect(problemsOf({ lifetimes, touchIntervalMs: 1_000 }).join('\n')).toContain(`- lifetimes.${name}: `);
    }
  });

  it.each<[string, object, string]>([
    ['a misspelt option', { carryover: ['cart'] }, 'carryover: there is no such option; is carryOver meant?'],
    [
      'a misspelt part of one',
      { cookie: { samesite: 'lax' } },
      'cookie.samesite: .* is cookie.sameSite meant',
    ],
    [
      'a timeout of another name',
      { lifetimes: { web: { ...LIFE, idle: 1 } } },
      'lifetimes.web.idle: there is',
    ],
    ['a lifetime for the cookie', { cookie: { maxAge: 1 } }, 'cookie.maxAge: .*; lifetimes says how long'],
    ['what stands beside a factory', { isGlobal: true }, 'isGlobal: .* beside useFactory'],
    ['a secret that is no list', { secrets: 'x'.repeat(40) }, 'secrets: must be a list, .*openssl rand'],
    ['secrets that are not set', { secrets: [undefined] }, 'secrets: .* Is the variable set'],
    ['a lifetime that is no pair', { lifetimes: { web: 3600 } }, 'lifetimes.web: must be { idleTimeoutMs'],
    ['lifetimes that are none', { lifetimes: 3600 }, 'lifetimes: must be an object'],
    [
      'a timeout as a text',
      { lifetimes: { web: { ...LIFE, idleTimeoutMs: '60000' } } },
      'lifetimes.web: both',
    ],
    ['a cookie name that is no token', { cookie: { name: 'my sid', secure: false } }, 'cookie.name: must'],
    ['a cookie that is secure by a text', { cookie: { secure: 'true' } }, 'cookie.secure: must be true or'],
    ['a cookie as a text', { cookie: 'sid' }, 'cookie: must be an object'],
    ['a limit as a text', { maxSessions: '10' }, 'maxSessions must be a whole number'],
    ['an unknown policy', { limitPolicy: 'evict' }, "limitPolicy: must be 'evict-lru'"],
    ['a key to carry over that is no list', { carryOver: 'cart' }, 'carryOver: must be a list of keys'],
    ['an interval as a text', { touchIntervalMs: '1000' }, 'touchIntervalMs must be positive'],
    ['a prefix that is none', { prefix: 1 }, 'prefix: must be a text'],
    ['no role', { adminRole: '' }, 'adminRole: must be the name of a role'],
    ['an observer that hears nothing', { observer: {} }, 'observer: pass a SessionObserver'],
    [
      'a limiter that limits nothing',
      { anonymousSessionLimiter: {} },
      'anonymousSessionLimiter: pass new Redis',
    ],
    ['a journal that keeps nothing', { journal: {} }, 'journal: pass a RevocationJournal'],
    [
      'a misspelt durability',
      { durability: { mode: 'local', replica: 1 } },
      'durability.replica: .*replicas meant',
    ],
    ['no client', { client: undefined }, 'client must be an ioredis Redis or Cluster'],
  ])('refuses %s', (_, wrong, message) => {
    expect(problemsOf(wrong)).toEqual([expect.stringMatching(`^- ${message}`)]);
  });

  it.each([undefined, null, 'redis://', []])('refuses %j in place of options', (options) => {
    expect(() => resolveSessionOptions(options as never)).toThrow('- options: pass an object; a factory has');
  });

  it('takes every option that is left undefined for one that is not there', () => {
    const options = Object.fromEntries(
      [
        'prefix',
        'cookie',
        'lifetimes',
        'touchIntervalMs',
        'maxSessions',
        'takeover',
        'journal',
        'carryOver',
      ].map((name) => [name, undefined]),
    );
    expect(resolveSessionOptions({ ...right, ...options })).toEqual(resolveSessionOptions(right));
  });

  it('reports everything at once', () => {
    const wrong = {
      secrets: [],
      indexKeys: ['x'],
      maxSessions: -1,
      maxSessionBytes: 0,
      touchIntervalMs: HOUR,
      maxSession: 3,
      cookie: 'sid',
    } as object;
    expect(problemsOf(wrong)).toHaveLength(7);
  });
});
