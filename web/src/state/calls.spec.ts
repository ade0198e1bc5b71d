import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mySessions } from '../api/auth.js';
import type { LoggedIn } from '../api/types.js';
import { watchCalls } from './calls.js';
import { outage, setRecovered } from './outage.js';
import { endedBecause, setLoggedIn, who } from './who.js';

const ADA = { user: { id: 'ada', roles: [] }, session: { id: '1' } } as unknown as LoggedIn;
const ENDED = { status: 401, body: { code: 'SESSION_ENDED' } };

describe('What a refused call says about the session', () => {
  const ownFetch = globalThis.fetch;
  let asked: string[];
  let answers: Record<string, { status: number; body: unknown }>;

  beforeAll(() => {
    Object.assign(globalThis, { document: { hidden: true } });
    watchCalls();
    globalThis.fetch = async (path) => {
      asked.push(path as string);
      const { status, body } = answers[path as string] ?? { status: 404, body: {} };
      return new Response(JSON.stringify(body), { status });
    };
  });

  afterAll(() => {
    globalThis.fetch = ownFetch;
    setRecovered();
  });

  async function refused(told: typeof answers): Promise<void> {
    setLoggedIn(ADA);
    asked = [];
    answers = told;
    await mySessions().catch(() => {});
    // The question that follows, and its answer.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('is nothing, when it was about the cookie before and there is a session under the new one', async () => {
    await refused({ '/auth/sessions': ENDED, '/auth/session': { status: 200, body: ADA } });
    expect([who.value.is, asked]).toEqual(['in', ['/auth/sessions', '/auth/session']]);
  });

  it('is that it has ended, when the server says so again', async () => {
    await refused({ '/auth/sessions': ENDED, '/auth/session': ENDED });
    expect([who.value.is, endedBecause.value, asked.length]).toEqual(['out', 'unknown', 3]);
  });

  it('is that something is away, and nothing else, after a 503', async () => {
    await refused({ '/auth/sessions': { status: 503, body: { code: 'SESSION_STORE_UNAVAILABLE' } } });
    expect([who.value.is, outage.value]).toEqual(['in', 'store']);
  });
});
