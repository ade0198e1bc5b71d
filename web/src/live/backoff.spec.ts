import { describe, expect, it } from '@jest/globals';
import { reconnectDelayMs, resumeDelayMs } from './backoff.js';

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

describe('The wait before everything is asked for again', () => {
  it('is some hundred milliseconds to two seconds', () => {
    expect([0, 0.5, 1].map(resumeDelayMs)).toEqual([300, 1150, 2000]);
  });
});
