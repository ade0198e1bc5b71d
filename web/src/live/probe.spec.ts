import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { outage, setRecovered } from '../state/outage.js';
import { who } from '../state/who.js';
import { probe } from './probe.js';

const problem = (status: number, code: string) => Response.json({ code }, { status });

describe('A page whose stream has closed', () => {
  let asked: string[];
  let answer: () => Response;
  let hungUp: boolean;
  const { fetch } = globalThis;

  beforeEach(() => {
    jest.useFakeTimers();
    asked = [];
    hungUp = false;
    globalThis.fetch = async (path, init) => {
      asked.push(String(path));
      init?.signal?.addEventListener('abort', () => (hungUp = true));
      return answer();
    };
  });

  afterEach(() => {
    setRecovered();
    who.value = { is: 'asking' };
    globalThis.fetch = fetch;
    jest.useRealTimers();
  });

  it('asks nothing that counts as use of the session, whatever it was closed for', async () => {
    const prospects = [];
    for (answer of [
      () => new Response(new ReadableStream()),
      () => problem(429, 'TOO_MANY_CONNECTIONS'),
      () => problem(503, 'OVERLOADED'),
      () => problem(503, 'SESSION_STORE_UNAVAILABLE'),
      () => new Response('<h1>Bad Gateway</h1>', { status: 502 }),
    ])
      prospects.push(await probe('/auth/events'));
    expect(prospects).toEqual(['in', 'away', 'away', 'away', 'away']);
    expect(new Set(asked)).toEqual(new Set(['/auth/events']));
  });

  it('does not keep the stream that it asked for', async () => {
    answer = () => new Response(new ReadableStream());
    await probe('/auth/events');
    expect(hungUp).toBe(true);
  });

  it('tells that the store is away, and that the server is', async () => {
    answer = () => problem(503, 'SESSION_STORE_UNAVAILABLE');
    await probe('/auth/events');
    expect(outage.value).toBe('store');
    answer = () => {
      throw new TypeError('Failed to fetch');
    };
    await probe('/auth/events');
    expect(outage.value).toBe('server');
  });

  it('gives up what is not for this person', async () => {
    answer = () => problem(403, 'REAUTHENTICATION_REQUIRED');
    expect(await probe('/admin/live', [403, 404])).toBe('barred');
    expect(await probe('/auth/events')).toBe('away');
    expect(asked).toEqual(['/admin/live', '/auth/events']);
  });

  it('asks who is there when there is no session that asking could keep', async () => {
    answer = () => problem(401, 'UNAUTHENTICATED');
    expect(await probe('/auth/events')).toBe('out');
    expect(asked).toEqual(['/auth/events', '/auth/session']);
    expect(who.value).toEqual({ is: 'out' });
  });
});
