import { describe, expect, it } from '@jest/globals';
import { normaliseEmail } from './email.js';

describe('normaliseEmail', () => {
  it('does not work on what is too long for any account', () => {
    const hostile = `a${'\u0315\u0300'.repeat(3_900)}`;
    const before = process.cpuUsage();
    for (let i = 0; i < 10; i += 1) expect(normaliseEmail(hostile).length).toBeGreaterThan(254);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 10).toBeLessThan(20);
    // The longest that NFC can make an account's of: four units to a character.
    const spelled = `${'\u1f00\u0301\u0345'.repeat(254)}`;
    expect(normaliseEmail(spelled)).toBe(spelled.normalize('NFC').toLowerCase());
  });

  it('makes one address of its spellings, and is stable', () => {
    const spellings = [' Jose\u0301@Example.COM ', 'jos\u00e9@example.com', 'JOS\u00c9@EXAMPLE.COM'];
    expect(new Set(spellings.map(normaliseEmail))).toEqual(new Set(['jos\u00e9@example.com']));
    for (const email of ['\u0130@x.de', '\u212a@x.de'])
      expect(normaliseEmail(normaliseEmail(email))).toBe(normaliseEmail(email));
  });
});
