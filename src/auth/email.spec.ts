import { describe, expect, it } from '@jest/globals';
import { normaliseEmail } from './email.js';

describe('normaliseEmail', () => {
  it('makes one address of its spellings, and is stable', () => {
    const spellings = [' Jose\u0301@Example.COM ', 'jos\u00e9@example.com', 'JOS\u00c9@EXAMPLE.COM'];
    expect(new Set(spellings.map(normaliseEmail))).toEqual(new Set(['jos\u00e9@example.com']));
    for (const email of ['\u0130@x.de', '\u212a@x.de'])
      expect(normaliseEmail(normaliseEmail(email))).toBe(normaliseEmail(email));
  });
});
