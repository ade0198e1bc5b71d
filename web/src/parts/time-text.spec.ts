import { describe, expect, it } from '@jest/globals';
import { relativeText } from './time-text.js';

const MINUTE = 60_000;

describe('How long ago something was', () => {
  it.each([
    [0, 'just now'],
    [-44_000, 'just now'],
    [30_000, 'in a moment'],
    [-MINUTE, '1 minute ago'],
    [29 * MINUTE, 'in 29 minutes'],
    [-89 * MINUTE, '89 minutes ago'],
    [12 * 60 * MINUTE, 'in 12 hours'],
    [-35 * 60 * MINUTE, '35 hours ago'],
    [30 * 24 * 60 * MINUTE, 'in 30 days'],
  ])('%d ms: %s', (ms, text) => {
    expect(relativeText(ms)).toBe(text);
  });
});
