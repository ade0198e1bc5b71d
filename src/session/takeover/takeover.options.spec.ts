import { describe, expect, it } from '@jest/globals';
import {
  passportUserId,
  resolveTakeoverOptions,
  type TakeoverOptions,
  takeoverProblems,
} from './takeover.options.js';

const OPTIONS: TakeoverOptions = {
  from: 'connect-redis',
  secrets: ['keyboard cat'],
  findPrincipal: async () => null,
};

describe('takeover options', () => {
  const problemsOf = (options: Partial<TakeoverOptions>) =>
    takeoverProblems(resolveTakeoverOptions({ ...OPTIONS, ...options }), 'sid');

  it('default to what express-session and connect-redis do', () => {
    expect(resolveTakeoverOptions(OPTIONS)).toMatchObject({ cookieName: 'connect.sid', prefix: 'sess:' });
    expect(problemsOf({})).toEqual([]);
  });

  it.each<[string, Partial<TakeoverOptions>, RegExp]>([
    ['another system', { from: 'memory' as never }, /^takeover\.from /],
    ['no secret', { secrets: [] }, /^takeover\.secrets /],
    ['an empty secret', { secrets: [''] }, /^takeover\.secrets /],
    ['the cookie of the module itself', { cookieName: 'sid' }, /^takeover\.cookieName /],
    ['nobody to ask for users', { findPrincipal: undefined }, /^takeover\.findPrincipal /],
  ])('refuse %s', (_, options, problem) => {
    expect(problemsOf(options)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('passportUserId', () => {
  it.each<[unknown, string | undefined | null]>([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ user: null }, undefined],
    [{ user: 'ada' }, 'ada'],
    [{ user: 42 }, '42'],
    [{ user: { id: 'ada', name: 'Ada' } }, 'ada'],
    [{ user: { id: 42 } }, '42'],
    // There is a user, so the session is no visitor's, whoever it is.
    [{ user: '' }, null],
    [{ user: { _id: 'ada' } }, null],
    [{ user: ['ada'] }, null],
    [{ user: true }, null],
  ])('%j', (passport, expected) => {
    expect(passportUserId({ passport })).toBe(expected);
  });
});
