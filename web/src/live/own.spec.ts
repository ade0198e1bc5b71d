import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { refreshes, sessionRefreshes } from '../state/freshness.js';
import { outage } from '../state/outage.js';

const says = (name: string) => ({ name, data: {} });
const LONGEST_MS = 2_000;
const TOGETHER_MS = 100;

describe('What a page does about what a stream says', () => {
  const { fetch, BroadcastChannel } = globalThis;
  let handle: (typeof import('./own.js'))['handle'];
  let before: number;

  beforeEach(async () => {
    jest.useFakeTimers();
    Object.assign(globalThis, {
      document: { hidden: false },
      BroadcastChannel: class {},
      fetch: async () => Response.json({ code: 'INTERNAL_ERROR' }, { status: 500 }),
    });
    ({ handle } = await import('./own.js'));
    before = refreshes.value;
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  afterAll(() => {
    Object.assign(globalThis, { fetch, BroadcastChannel });
    Reflect.deleteProperty(globalThis, 'document');
  });

  const asked = () => refreshes.value - before;

  it('asks for everything at once when the stream begins', () => {
    handle(says('ready'));
    jest.advanceTimersByTime(TOGETHER_MS);
    expect(asked()).toBe(1);
  });

  it('leaves others their turn when all streams go on, and asks once', () => {
    handle(says('resumed'));
    handle(says('resumed'));
    jest.advanceTimersByTime(TOGETHER_MS + 100);
    expect(asked()).toBe(0);
    jest.advanceTimersByTime(LONGEST_MS);
    expect(asked()).toBe(1);
  });

  it('does not take the store for back that has gone away again', () => {
    handle(says('resumed'));
    handle(says('unavailable'));
    jest.advanceTimersByTime(LONGEST_MS);
    expect([outage.value, asked()]).toEqual(['store', 0]);
    handle(says('ready'));
  });

  it('asks for sessions that have changed without waiting', () => {
    const asking = sessionRefreshes.value;
    handle(says('sessions'));
    jest.advanceTimersByTime(TOGETHER_MS);
    expect(sessionRefreshes.value - asking).toBe(1);
  });
});
