import { describe, expect, it } from '@jest/globals';
import { ProblemException } from '../problem/index.js';
import { normaliseRoles } from './user-roles.js';

describe('normaliseRoles', () => {
  it('sorts, and keeps each role once', () => {
    expect(normaliseRoles(['support', 'admin', 'support', 'a.b:c-d_0'])).toEqual([
      'a.b:c-d_0',
      'admin',
      'support',
    ]);
    expect(normaliseRoles([])).toEqual([]);
  });

  it.each([['Admin'], [''], ['a b'], ['admin", "x'], ['ä'], ['x'.repeat(65)], ['admin\n']])(
    'refuses the role %p',
    (role) => {
      expect(() => normaliseRoles(['ok', role])).toThrow(ProblemException);
    },
  );

  it('refuses more roles than a header has room for', () => {
    expect(() => normaliseRoles(Array.from({ length: 33 }, (_, i) => `role-${i}`))).toThrow(ProblemException);
  });
});
