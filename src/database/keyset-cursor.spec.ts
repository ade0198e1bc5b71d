import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from './keyset-cursor.js';

describe('keyset cursor', () => {
  it('comes back as the position it was made of', () => {
    const position = { at: 1_795_254_309_760, id: 'Zb-_09azAZ' };
    expect(decodeCursor(encodeCursor(position))).toEqual(position);
  });

  it.each([
    '',
    'x',
    '%%',
    Buffer.from('1.').toString('base64url'),
    Buffer.from("1.a'b").toString('base64url'),
    Buffer.from('-1.a').toString('base64url'),
    'A'.repeat(5000),
  ])('is null when it is none: %p', (cursor) => {
    expect(decodeCursor(cursor)).toBeNull();
  });
});
