import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoggedIn } from '../api/types.js';
import { askWho, endedBecause, rotating, setLoggedIn, setLoggedOut, who } from './who.js';

const ADA = { user: { id: 'ada', roles: [] }, session: { id: '1' } } as unknown as LoggedIn;

const answers = (status: number, body: unknown) =>
  Object.assign(globalThis, { fetch: async () => new Response(JSON.stringify(body), { status }) });

describe('Who is logged in', () => {
  const ownFetch = globalThis.fetch;

  beforeEach(() => setLoggedIn(ADA));

  afterEach(() => {
    globalThis.fetch = ownFetch;
  });

  it('is nobody after a 401 about the session', async () => {
    answers(401, { code: 'UNAUTHENTICATED' });
    await expect(askWho()).resolves.toBe('out');
    expect([who.value.is, endedBecause.value]).toEqual(['out', 'unknown']);
  });

  it.each([
    [503, 'SESSION_STORE_UNAVAILABLE'],
    [500, 'INTERNAL_ERROR'],
    [401, 'INVALID_CREDENTIALS'],
    [502, undefined],
  ])('is not known to have changed after %d %s', async (status, code) => {
    answers(status, { code });
    await expect(askWho()).resolves.toBe('away');
    expect(who.value.is).toBe('in');
  });

  it('is not decided by a 401 while a new cookie is on its way', async () => {
    answers(401, { code: 'UNAUTHENTICATED' });
    let arrives: () => void = () => {};
    const call = rotating(() => new Promise<void>((resolve) => (arrives = resolve)));
    await expect(askWho()).resolves.toBe('away');
    expect(who.value.is).toBe('in');
    arrives();
    await call;
    await expect(askWho()).resolves.toBe('out');
  });

  it('is asked once more after a 401, when no tab gives the session a new id any more', async () => {
    const asked: string[] = [];
    let replaced: () => void = () => {};
    const otherTab = new Promise<void>((resolve) => (replaced = resolve));
    const locks = { request: (_name: string, run: () => void) => otherTab.then(run) };
    const ownNavigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { locks } });
    let cookie = 'old';
    globalThis.fetch = async () => {
      asked.push(cookie);
      if (cookie === 'new') return Response.json(ADA);
      // The other tab has its answer only now.
      setImmediate(() => {
        cookie = 'new';
        replaced();
      });
      return Response.json({ code: 'UNAUTHENTICATED' }, { status: 401 });
    };
    await expect(askWho()).resolves.toBe('in');
    if (ownNavigator) Object.defineProperty(globalThis, 'navigator', ownNavigator);
    else Reflect.deleteProperty(globalThis, 'navigator');
    expect([who.value.is, asked]).toEqual(['in', ['old', 'new']]);
  });

  it('is not asked again when the stream has said that the session ended', async () => {
    let times = 0;
    globalThis.fetch = async () => {
      times += 1;
      return Response.json({ code: 'SESSION_ENDED' }, { status: 401 });
    };
    setLoggedOut('disabled');
    await askWho();
    expect([times, endedBecause.value]).toEqual([1, 'disabled']);
  });

  it('keeps the reason that it knows, and takes one that comes later', () => {
    setLoggedOut('unknown');
    setLoggedOut('revoked-by-admin');
    setLoggedOut('unknown');
    expect(endedBecause.value).toBe('revoked-by-admin');
  });

  it('forgets an old reason at the next login', () => {
    setLoggedOut('expired');
    setLoggedIn(ADA);
    expect(endedBecause.value).toBeNull();
  });
});
