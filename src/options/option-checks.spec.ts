import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from './invalid-options.error.js';
import { hasMethods, unknownOptions } from './option-checks.js';

const KNOWN = {
  carryOver: true,
  maxSessions: true,
  maxSessionBytes: true,
  secrets: true,
  ttl: true,
} as const;
const said = (option: string) => unknownOptions({ [option]: 1 }, KNOWN)[0];

describe('unknownOptions', () => {
  it.each([
    ['carryover', 'carryOver'],
    ['carrOyver', 'carryOver'],
    ['secret', 'secrets'],
    ['maxSession', 'maxSessions'],
    ['maxSessionByte', 'maxSessionBytes'],
    ['maxSessionSize', 'maxSessions'],
    ['tll', 'ttl'],
    ['isGlobal', undefined],
    ['toString', undefined],
    ['__proto__x', undefined],
  ])('says of %s that there is none, and which may be meant: %s', (option, meant) => {
    const hint = meant === undefined ? 'take it out.' : `is ${meant} meant?`;
    expect(said(option)).toBe(`${option}: there is no such option; ${hint}`);
  });

  it('says nothing of those that there are, also when they are undefined', () => {
    expect(unknownOptions({ secrets: [], ttl: undefined }, KNOWN)).toEqual([]);
  });

  it('says where it is, and what is known of it', () => {
    const where = { path: 'cookie.', hints: { domain: 'never.' } };
    expect(unknownOptions({ domain: 'x', tll: 1 }, KNOWN, where)).toEqual([
      'cookie.domain: there is no such option; never.',
      'cookie.tll: there is no such option; is cookie.ttl meant?',
    ]);
  });
});

describe('hasMethods', () => {
  it('looks at what a port can do, wherever it has that from', () => {
    class Port {
      ask(): void {}
    }
    expect(hasMethods(new Port(), ['ask'])).toBe(true);
    expect(hasMethods({ ask: 1 }, ['ask'])).toBe(false);
    expect(hasMethods(undefined as Port | undefined, ['ask'])).toBe(false);
  });
});

describe('InvalidOptionsError', () => {
  it('is a TypeError that has its problems as a list too', () => {
    const error = new InvalidOptionsError('Nothing starts', ['a: is missing.', 'b: is wrong.']);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.problems).toEqual(['a: is missing.', 'b: is wrong.']);
    expect(String(error)).toBe('InvalidOptionsError: Nothing starts:\n- a: is missing.\n- b: is wrong.');
    expect(() => InvalidOptionsError.throwFor('Nothing', [])).not.toThrow();
  });
});
