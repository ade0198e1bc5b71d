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
