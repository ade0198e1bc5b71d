import { describe, expect, it } from '@jest/globals';
import { keySlot } from './key-slot.js';

describe('keySlot', () => {
  // From `CLUSTER KEYSLOT` of redis-server 7.0.15; the first is the check value of the specification.
  it.each([
    ['123456789', 12_739],
    ['', 0],
    ['foo', 12_182],
    ['lk:sess:{foo}:bar', 12_182],
    ['{}foo', 9_500],
    ['a{{foo}}b', 13_308],
  ])('of %p is %p', (key, slot) => {
    expect(keySlot(key)).toBe(slot);
  });
});
