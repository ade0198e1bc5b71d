import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Prospect } from './probe.js';
import { listen, type LiveMessage } from './stream.js';

/** What `listen` uses of the browser's own. */
class FakeSource {
  static all: FakeSource[] = [];
  onerror: (() => void) | null = null;
  isClosed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }

  addEventListener(name: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(name, listener);
  }

  close() {
    this.isClosed = true;
  }

  says(type: string, data: unknown = {}) {
    this.listeners.get(type)?.({ type, data: JSON.stringify(data) } as MessageEvent<string>);
  }
}

const LONGEST_MS = 15_000;

describe('A stream of events', () => {
  let answer: Prospect;
  let probes: number;
  let heard: LiveMessage[];
  let settle: () => void;
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    FakeSource.all = [];
    Object.assign(globalThis, { EventSource: FakeSource });
    answer = 'in';
    probes = 0;
    heard = [];
    const settled = new Promise<void>((resolve) => (settle = resolve));
    stop = listen({
      url: '/auth/events',
      names: ['ready', 'sessions', 'ended'],
      onMessage: (message) => heard.push(message),
      probe: async () => {
        probes += 1;
        return answer;
      },
      settled: () => settled,
    });
  });

  afterEach(() => {
    stop();
    jest.useRealTimers();
    Reflect.deleteProperty(globalThis, 'EventSource');
  });

  const last = () => FakeSource.all.at(-1) as FakeSource;
  const breaks = () => last().onerror?.();

  it('tells what is said', () => {
    last().says('ready');
    last().says('sessions', { userId: '1' });
    expect(heard).toEqual([
      { name: 'ready', data: {} },
      { name: 'sessions', data: { userId: '1' } },
    ]);
  });

  it('comes back after a cut, and after answers that say nothing about the session', async () => {
    for (const said of ['in', 'away', 'away', 'in'] as const) {
      answer = said;
      breaks();
      await jest.advanceTimersByTimeAsync(LONGEST_MS);
    }
    expect(FakeSource.all).toHaveLength(5);
    expect(FakeSource.all.filter(({ isClosed }) => !isClosed)).toEqual([last()]);
  });

  it.each(['out', 'barred'] as const)('stays away when the answer is %s', async (said) => {
    answer = said;
    breaks();
    await jest.advanceTimersByTimeAsync(LONGEST_MS);
    expect(FakeSource.all).toHaveLength(1);
  });

  it('closes at the end of the session and asks nobody', async () => {
    last().says('ended', { reason: 'disabled' });
    expect(heard).toEqual([{ name: 'ended', data: { reason: 'disabled' } }]);
    await jest.advanceTimersByTimeAsync(LONGEST_MS);
    expect([FakeSource.all.length, last().isClosed, probes]).toEqual([1, true, 0]);
  });

  it('follows a session that moved as soon as its cookie is there, and says that somebody else may be in', async () => {
    last().says('ended', { reason: 'moved' });
    await jest.advanceTimersByTimeAsync(0);
    expect(FakeSource.all).toHaveLength(1);
    settle();
    await jest.advanceTimersByTimeAsync(0);
    expect(FakeSource.all).toHaveLength(2);
    last().says('ready');
    last().says('ready');
    expect(heard.map(({ name }) => name)).toEqual(['who', 'ready', 'resumed']);
  });

  it('tells a beginning from going on, which everybody’s streams do at once', async () => {
    last().says('ready');
    last().says('ready');
    breaks();
    await jest.advanceTimersByTimeAsync(LONGEST_MS);
    last().says('ready');
    expect(heard.map(({ name }) => name)).toEqual(['ready', 'resumed', 'resumed']);
  });

  it('takes no refusal for the end while the cookie may be on its way with another tab’s answer', async () => {
    answer = 'out';
    last().says('ended', { reason: 'moved' });
    settle();
    await jest.advanceTimersByTimeAsync(0);
    breaks();
    await jest.advanceTimersByTimeAsync(200);
    expect([FakeSource.all.length, probes]).toEqual([3, 0]);
    await jest.advanceTimersByTimeAsync(2_000);
    breaks();
    await jest.advanceTimersByTimeAsync(LONGEST_MS);
    expect([FakeSource.all.length, probes]).toEqual([3, 1]);
  });

  it('is over when it was stopped, whatever is under way', async () => {
    breaks();
    stop();
    await jest.advanceTimersByTimeAsync(LONGEST_MS);
    expect([FakeSource.all.length, last().isClosed]).toEqual([1, true]);
  });
});
