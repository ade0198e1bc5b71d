import { describe, expect, it } from '@jest/globals';
import { nextEventId } from './event-id.js';

describe('nextEventId', () => {
  it('sorts events of one millisecond in the order they happened', () => {
    const ids = Array.from({ length: 2_000 }, () => nextEventId(1_000));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('differs between processes that count alike', () => {
    expect(nextEventId(2_000)).not.toBe(nextEventId(3_000));
  });
});
