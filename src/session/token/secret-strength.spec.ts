import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { isGuessable } from './secret-strength.js';

describe('isGuessable', () => {
  it.each([
    'a'.repeat(64),
    'ab'.repeat(32),
    'abcdefgh'.repeat(8),
    '0123456789abcdef0123456789abcdef',
    'correct horse correct horse correct horse',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'zyxwvutsrqponmlkjihgfedcba9876543210',
    `${'x'.repeat(40)}1b-7`,
    '11112222333344445555666677778888',
    'aaaabbbbccccddddaaaabbbbccccdddd!',
  ])('is true for %s', (secret) => {
    expect(isGuessable(secret)).toBe(true);
  });

  it('is false for what a random generator makes, in any usual spelling', () => {
    for (let i = 0; i < 2_000; i += 1) {
      const bytes = randomBytes(32);
      for (const spelling of ['hex', 'base64', 'base64url'] as const)
        expect(isGuessable(bytes.toString(spelling))).toBe(false);
      expect(isGuessable(bytes.toString('hex').slice(0, 32))).toBe(false);
    }
  });
});
