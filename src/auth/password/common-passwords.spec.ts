import { describe, expect, it } from '@jest/globals';
import { COMMON_PASSWORDS, isCommonPassword } from './common-passwords.js';
import { commonWords } from './common-words.js';
import { foldPassword } from './fold-password.js';

describe('the offline lists', () => {
  it('hold at least ten thousand each', () => {
    expect(COMMON_PASSWORDS).toBeGreaterThan(10_000);
    expect(Number.isInteger(COMMON_PASSWORDS)).toBe(true);
    expect(commonWords().size).toBeGreaterThan(10_000);
  });

  it.each([
    'password',
    '12345678',
    'sunshine',
    'cristianoronaldo',
    'stairwaytoheaven',
    'worldofwarcraft',
    'qazwsxedcrfvtgb',
  ])('have %s, which is long enough for some minimum length', (password) => {
    expect(isCommonPassword(password)).toBe(true);
  });

  it.each(['nine small goats on a roof', 'stairwaytoheavem', 'tairwaytoheaven', ''])(
    'do not have %j',
    (password) => {
      expect(isCommonPassword(password)).toBe(false);
    },
  );
});

describe('foldPassword', () => {
  it('makes one of spellings that differ in case, width or blanks at the ends', () => {
    for (const spelling of ['PassWord', ' password\u00a0', 'ｐａｓｓｗｏｒｄ', 'pa\u017f\u017fword'])
      expect(foldPassword(spelling)).toBe('password');
    expect(foldPassword('pass word')).toBe('pass word');
  });
});
