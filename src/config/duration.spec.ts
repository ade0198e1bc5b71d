import { describe, expect, it } from '@jest/globals';

import { formatDuration, parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['14d', 1_209_600_000],
  ])('reads %s and writes it back', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(text);
  });

  it.each(['', '0s', '30', '-1s', '1.5h', '1 h', '1w', 's', '4000d', '1h30m'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});
