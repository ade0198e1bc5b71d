import { describe, expect, it } from '@jest/globals';
import { Reflector } from '@nestjs/core';
import {
  ALICE,
  codeOf,
  contextOf,
  fakeRequest,
  type FakeRequest,
} from '../../../test/support/fake-request.js';
import { OptionalSession, Public } from './auth.decorators.js';
import { SessionGuard } from './session.guard.js';

class Routes {
  closed(): void {}
  @Public() open(): void {}
  @OptionalSession() either(): void {}
}

@Public()
class OpenRoutes {
  inherited(): void {}
  @OptionalSession() either(): void {}
}

const live: FakeRequest = { transport: 'cookie', principal: ALICE };
const staleCookie: FakeRequest = { transport: 'cookie' };
const badToken: FakeRequest = { transport: 'bearer' };
const disabled: FakeRequest = { transport: 'cookie', principal: { ...ALICE, disabled: true } };

describe('SessionGuard', () => {
  const guard = new SessionGuard(new Reflector());
  const answer = (request: FakeRequest, method: string, controller: new () => object = Routes) =>
    codeOf(() => guard.canActivate(contextOf(fakeRequest(request), controller, method))) ?? 'passes';

  it.each([
    ['a visitor', {}, 'UNAUTHENTICATED'],
    ['a stale cookie', staleCookie, 'UNAUTHENTICATED'],
    ['an invalid bearer token', badToken, 'UNAUTHENTICATED'],
    ['a session of a disabled account', disabled, 'UNAUTHENTICATED'],
    ['a live session', live, 'passes'],
    ['a live bearer session', { transport: 'bearer', principal: ALICE }, 'passes'],
  ] as [string, FakeRequest, string][])('is closed by default: %s', (_, request, expected) => {
    expect(answer(request, 'closed')).toBe(expected);
  });

  it.each([{}, staleCookie, badToken, disabled, live])(
    'lets everybody into a public route (%#)',
    (request) => {
      expect(answer(request, 'open')).toBe('passes');
      expect(answer(request, 'inherited', OpenRoutes)).toBe('passes');
    },
  );

  it('lets visitors and stale cookies into an optional route, but no invalid bearer token', () => {
    expect([{}, staleCookie, disabled, live].map((request) => answer(request, 'either'))).toEqual(
      Array(4).fill('passes'),
    );
    expect(answer(badToken, 'either')).toBe('UNAUTHENTICATED');
  });

  it('lets a method say otherwise than its controller', () => {
    expect(answer(badToken, 'either', OpenRoutes)).toBe('UNAUTHENTICATED');
  });
});
