import { describe, expect, it } from '@jest/globals';
import { PasswordTooWeakError } from '../auth.errors.js';
import { normalisePassword } from './normalise-password.js';
import { PasswordPolicy } from './password-policy.js';

const EASY = 'This is easy to guess: common words or names, repetitions or sequences. Add words of your own.';
const COMMON = 'This is one of the most used passwords. Choose one of your own.';
const CONTEXT = 'Do not make a password of your e-mail, your name or the name of this service.';
const UNTYPEABLE = 'Use characters that can be typed: no control characters, no broken ones.';

// Easy to guess by no rule, and as long as it has to be.
const letters = (length: number) => 'zkvqmxwpfjtgdbhrc nysluaoie'.repeat(10).slice(0, length);
const emoji = (length: number) =>
  Array.from({ length }, (_, i) => String.fromCodePoint(0x1f400 + ((i * 29) % 63))).join('');

describe('normalisePassword', () => {
  it('makes one password of two spellings', () => {
    expect(normalisePassword('cafe\u0301')).toBe('caf\u00e9');
    expect(normalisePassword('caf\u00e9')).toBe('caf\u00e9');
  });

  it('keeps everything else as it is: case, blanks, width, control characters', () => {
    for (const text of ['  A b  ', '\u00a0x\u3000', 'ｐａｓｓ', 'a\u0000b\n'])
      expect(normalisePassword(text)).toBe(text);
  });

  it('takes nothing that cannot be a password', () => {
    expect(normalisePassword('a\ud800b')).toBeNull();
    expect(normalisePassword('\udc00\ud800')).toBeNull();
    expect(normalisePassword('a'.repeat(257))).toBeNull();
    expect(normalisePassword('a'.repeat(1_000_000))).toBeNull();
    // Grows by NFC.
    expect(normalisePassword('\ufb2c'.repeat(86))).toBeNull();
  });

  it('counts after NFC', () => {
    const decomposed = '\u1f84'.normalize('NFD').repeat(256);
    expect(decomposed).toHaveLength(4 * 256);
    expect(normalisePassword(decomposed)).toBe('\u1f84'.repeat(256));
    expect(normalisePassword('\u{1f600}'.repeat(256))).toHaveLength(512);
    expect(normalisePassword('\u{1f600}'.repeat(257))).toBeNull();
  });
});

describe('PasswordPolicy', () => {
  const policy = new PasswordPolicy({ minLength: 15, contextWords: ['latchkey', 'Harbour Office'] });
  const owner = { email: 'grace.hopper@navy.example', displayName: 'Grace Brewster Hopper' };
  const complaint = (password: string, of = policy): string | undefined => {
    try {
      of.check(password, owner, 'newPassword');
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(PasswordTooWeakError);
      const { message } = error as Error;
      expect((error as PasswordTooWeakError).toProblem().body).toMatchObject({
        status: 400,
        code: 'PASSWORD_TOO_WEAK',
        detail: message,
        errors: [{ path: 'newPassword', message }],
      });
      return message;
    }
  };

  it.each([
    [14, 'Use at least 15 characters.'],
    [15, undefined],
    [256, undefined],
    [257, 'Use at most 256 characters.'],
    [5000, 'Use at most 256 characters.'],
  ])('counts %d code points after normalisation', (length, expected) => {
    expect(complaint(letters(256).repeat(20).slice(0, length))).toBe(expected);
    if (length < 5000) expect(complaint(emoji(length))).toBe(expected);
  });

  it('counts what NFC makes one character as one', () => {
    expect(complaint('e\u0301'.repeat(14))).toBe('Use at least 15 characters.');
    expect(complaint(`${letters(14)}e\u0301`)).toBeUndefined();
  });

  it.each([8, 20])('can be set to a minimum of %d', (minLength) => {
    const other = new PasswordPolicy({ minLength, contextWords: [] });
    expect(complaint(letters(minLength - 1), other)).toBe(`Use at least ${minLength} characters.`);
    expect(complaint(letters(minLength), other)).toBeUndefined();
  });

  it('asks for no digits, no symbols and no case', () => {
    for (const password of [
      'onlylowercaseletters',
      'ONLYUPPERCASELETTERS',
      '739158264073915',
      '}?~/|(<:;%)*{][',
    ])
      expect(complaint(password)).toBeUndefined();
  });

  it('takes every printable character and the blank, wherever it stands', () => {
    const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + ((i * 37) % 95)));
    expect(policy.check(printable, owner)).toBe(printable);
    for (const password of [
      '  nine small goats  ',
      'neun kleine Ziegen äöüß',
      'девять коз на крыше',
      '山羊 nine goats 屋根',
      '\u{1f469}\u200d\u{1f680} flies \u{1f3f3}\ufe0f\u200d\u{1f308} kites',
    ])
      expect(complaint(password)).toBeUndefined();
  });

  it.each([
    ['NUL', '\u0000'],
    ['a tab', '\t'],
    ['a line break', '\n'],
    ['DEL', '\u007f'],
    ['a C1 control', '\u0085'],
    ['a noncharacter', '\uffff'],
    ['a code point that is not assigned', '\u0378'],
    ['a lone surrogate', '\ud800'],
    ['a pair of surrogates the wrong way round', '\udc00\ud800'],
  ])('refuses %s', (_, character) => {
    expect(complaint(`nine small ${character} goats`)).toBe(UNTYPEABLE);
  });

  it.each([
    'stairwaytoheaven',
    'CristianoRonaldo',
    ' PASSWORDPASSWORD ',
    '１２３４５６７８９０１２３４５６７８９０',
    'pa\u017fswordpa\u017fsword',
  ])('refuses %j, which is on the list in some spelling', (password) => {
    expect(complaint(password)).toBe(COMMON);
  });

  it('knows common passwords of every minimum length', () => {
    const lax = new PasswordPolicy({ minLength: 8, contextWords: [] });
    for (const password of ['password', 'Sunshine', 'football1', '1234567890', 'p@ssw0rd', 'qwertyuiop12'])
      expect(complaint(password, lax)).toBe(COMMON);
  });

  it.each([
    'letmein letmein!',
    'Password-2024-Password',
    'xxxxxxxxxxxxxxxxxx',
    'sunshine princess',
    'zxcvbnm,./zxcvbnm,./',
  ])('refuses %j, which is easy to guess', (password) => {
    expect(complaint(password)).toBe(EASY);
  });

  it.each([
    'grace.hopper@navy.example',
    'GRACE.HOPPER@navy.example 1906',
    'gracehopper-gracehopper',
    'Hopper, Grace 1906!!',
    'Latchkey-latchkey-2026',
    'latchkey grace hopper',
    'harbour+office+harbour',
  ])('refuses %j, which is made of what everybody knows', (password) => {
    expect(complaint(password)).toBe(CONTEXT);
  });

  it.each(['L4tchk3y-gr@ce-h0pper', 'gracehopper qwerty', 'HarbourOffice password'])(
    'refuses %j, which adds to that only what is common',
    (password) => {
      expect(complaint(password)).toBe(EASY);
    },
  );

  it.each([
    'grace under pressure',
    'my latchkey is under the mat',
    'the harbour sleeps at noon',
    '739158264073915',
  ])('takes %j', (password) => {
    expect(complaint(password)).toBeUndefined();
  });

  it('never quotes the password', () => {
    for (const password of [
      'shorty',
      'latchkeylatchkey',
      'stairwaytoheaven',
      'letmein letmein!',
      'goats\u0000goats goats',
    ])
      expect(complaint(password)?.toLowerCase()).not.toContain(password.slice(0, 6));
  });

  it('returns the form that is hashed, and nothing folded or cut', () => {
    expect(policy.check(' Un cafe\u0301 au LAIT ', owner)).toBe(' Un caf\u00e9 au LAIT ');
  });
});
