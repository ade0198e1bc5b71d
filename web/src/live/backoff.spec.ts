import { describe, expect, it } from '@jest/globals';
import { reconnectDelayMs } from './backoff.js';

describe('The wait before another attempt', () => {
  it('begins short, doubles and stays below 15 seconds', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => reconnectDelayMs(attempt, 1));
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  it('differs from one browser to the next by up to half of it', () => {
    expect(reconnectDelayMs(3, 0)).toBe(2000);
    expect(reconnectDelayMs(3, 0.5)).toBe(3000);
  });
});
