import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

const MINUTE_MS = 60_000;

describe('What a page asks for by itself', () => {
  const page = new EventTarget();
  const shown = Object.assign(new EventTarget(), { hidden: false });
  let whenAttended: (what: string, run: () => void) => void;

  beforeAll(async () => {
    jest.useFakeTimers();
    Object.assign(globalThis, { document: shown, addEventListener: page.addEventListener.bind(page) });
    const attention = await import('./attention.js');
    attention.watchAttention();
    whenAttended = attention.whenAttended;
  });

  beforeEach(() => {
    shown.hidden = false;
    page.dispatchEvent(new Event('pointermove'));
  });

  afterAll(() => {
    jest.useRealTimers();
    for (const name of ['document', 'addEventListener']) Reflect.deleteProperty(globalThis, name);
  });

  it('is asked for at once while somebody is there', () => {
    const run = jest.fn();
    jest.advanceTimersByTime(4 * MINUTE_MS);
    whenAttended('sessions', run);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('waits for somebody to come back, since asking counts as use of the session', () => {
    const runs = [jest.fn(), jest.fn()];
    jest.advanceTimersByTime(6 * MINUTE_MS);
    for (const run of runs) whenAttended('sessions', run);
    expect(runs.map((run) => run.mock.calls.length)).toEqual([0, 0]);
    page.dispatchEvent(new Event('keydown'));
    page.dispatchEvent(new Event('keydown'));
    expect(runs.map((run) => run.mock.calls.length)).toEqual([0, 1]);
  });

  it('waits until a hidden page is shown', () => {
    const run = jest.fn();
    shown.hidden = true;
    whenAttended('everything', run);
    page.dispatchEvent(new Event('focus'));
    expect(run).not.toHaveBeenCalled();
    shown.hidden = false;
    shown.dispatchEvent(new Event('visibilitychange'));
    expect(run).toHaveBeenCalledTimes(1);
  });
});
