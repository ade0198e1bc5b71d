import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { SessionModuleOptions } from './session.module-definition.js';
import { resolveSessionOptions } from './session.options.js';

const HOUR = 3_600_000;
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

  it('reports everything at once', () => {
    const wrong = {
      secrets: [],
      indexKeys: ['x'],
      maxSessions: -1,
      maxSessionBytes: 0,
      touchIntervalMs: HOUR,
    };
    expect(problemsOf(wrong).length).toBeGreaterThanOrEqual(5);
  });
});
