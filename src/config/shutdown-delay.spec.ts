import { describe, expect, it } from '@jest/globals';
import { shutdownDelayMs } from './shutdown-delay.js';

describe('shutdownDelayMs', () => {
  it.each<[Record<string, string>, number]>([
    [{}, 0],
    [{ NODE_ENV: 'production' }, 5_000],
    [{ NODE_ENV: 'production', SHUTDOWN_DELAY: '0' }, 0],
    [{ NODE_ENV: 'production', SHUTDOWN_DELAY: ' 1m ' }, 60_000],
    [{ SHUTDOWN_DELAY: '500ms' }, 500],
    [{ NODE_ENV: 'production', SHUTDOWN_DELAY: 'soon' }, 5_000],
  ])('of %j is %i', (env, ms) => {
    expect(shutdownDelayMs(env)).toBe(ms);
  });
});
