import { describe, expect, it } from '@jest/globals';
import { PasswordTooWeakError } from '../auth.errors.js';
import { normalisePassword } from './normalise-password.js';
import { PasswordPolicy } from './password-policy.js';

describe('normalisePassword', () => {
  it('makes one password of two spellings', () => {
    expect(normalisePassword('cafe\u0301')).toBe('caf\u00e9');
    expect(normalisePassword('caf\u00e9')).toBe('caf\u00e9');
  });

  it('keeps everything else as it is, spaces included', () => {
    expect(normalisePassword('  A b  ')).toBe('  A b  ');
  });

  it('takes nothing that cannot be a password', () => {
    expect(normalisePassword('a\ud800b')).toBeNull();
    expect(normalisePassword('a'.repeat(1025))).toBeNull();
    // Grows by NFC.
    expect(normalisePassword('\ufb2c'.repeat(300))).toBeNull();
    expect(normalisePassword('\u{1f600}'.repeat(256))).not.toBeNull();
  });
});

describe('PasswordPolicy', () => {
  const policy = new PasswordPolicy({ minLength: 15, contextWords: ['latchkey'] });
  const owner = { email: 'grace.hopper@navy.example', displayName: 'Grace Hopper' };
  const complaint = (password: string): string | undefined => {
    try {
      policy.check(password, owner);
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(PasswordTooWeakError);
      expect((error as PasswordTooWeakError).toProblem().body).toMatchObject({
        status: 400,
        code: 'PASSWORD_TOO_WEAK',
      });
      return (error as Error).message;
    }
  };

  it('counts code points after normalisation', () => {
    expect(complaint('fourteen chars')).toBe('Use at least 15 characters.');
    expect(complaint('fifteen chars..')).toBeUndefined();
    expect(complaint('\u{1f600}'.repeat(14))).toBe('Use at least 15 characters.');
    expect(complaint('\u{1f600}'.repeat(15))).toBeUndefined();
    expect(complaint('e\u0301'.repeat(14))).toBe('Use at least 15 characters.');
    expect(complaint('x'.repeat(256))).toBeUndefined();
    expect(complaint('x'.repeat(257))).toBe('Use at most 256 characters.');
    expect(complaint('x'.repeat(5000))).toBe('Use at most 256 characters of well-formed text.');
    expect(complaint('well-formed? \ud800 no')).toBe('Use at most 256 characters of well-formed text.');
  });

  it('asks for no digits and no symbols', () => {
    expect(complaint('onlylowercaseletters')).toBeUndefined();
  });

  it.each([
    'grace.hopper@navy.example',
    'GRACE.HOPPER@navy.example 1906',
    'gracehopper-gracehopper',
    'Hopper, Grace 1906!!',
    'Latchkey-latchkey-2026',
    'latchkey grace hopper',
  ])('refuses %j, which is made of what everybody knows', (password) => {
    expect(complaint(password)).toMatch(/e-mail, your name or the name of this service/);
  });

  it.each(['grace under pressure', 'my latchkey is under the mat', '195610091234567890'])(
    'takes %j',
    (password) => {
      expect(complaint(password)).toBeUndefined();
    },
  );

  it('never quotes the password', () => {
    for (const password of ['shorty', 'latchkeylatchkey'])
      expect(complaint(password)).not.toContain(password);
  });

  it('returns the form that is hashed', () => {
    expect(policy.check('un cafe\u0301 au lait', owner)).toBe('un caf\u00e9 au lait');
  });
});
