import { describe, expect, it } from '@jest/globals';
import { Reflector } from '@nestjs/core';
import type { SessionService } from '../../session/index.js';
import {
  ALICE,
  codeOf,
  contextOf,
  fakeRequest,
  type FakeRequest,
} from '../../../test/support/fake-request.js';
import { RequireRecentLogin } from './auth.decorators.js';
import { RecentLogin } from './recent-login.js';
import { RecentLoginGuard } from './recent-login.guard.js';

class Routes {
  calm(): void {}
  @RequireRecentLogin() destructive(): void {}
}

describe('RecentLoginGuard', () => {
  const sessions = { now: () => 1_000_000 } as SessionService;
  const guard = new RecentLoginGuard(new Reflector(), new RecentLogin(sessions, { reauthWindowMs: 900_000 }));
  const answer = (request: FakeRequest, method: string) =>
    codeOf(() => guard.canActivate(contextOf(fakeRequest(request), Routes, method))) ?? 'passes';
  const authenticatedAt = (authenticatedAtMs: number): FakeRequest => ({
    transport: 'cookie',
    principal: ALICE,
    authenticatedAtMs,
  });

  it('lets in who has logged in within the window by the clock of the sessions', () => {
    expect(answer(authenticatedAt(100_000), 'destructive')).toBe('passes');
    expect(answer(authenticatedAt(99_999), 'destructive')).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('demands nothing where nothing is demanded', () => {
    expect(answer(authenticatedAt(0), 'calm')).toBe('passes');
  });

  it('answers 401 without a session', () => {
    expect(answer({}, 'destructive')).toBe('UNAUTHENTICATED');
  });
});
