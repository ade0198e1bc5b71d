import { describe, expect, it } from '@jest/globals';
import { Reflector } from '@nestjs/core';
import {
  ALICE,
  codeOf,
  contextOf,
  fakeRequest,
  type FakeRequest,
} from '../../../test/support/fake-request.js';
import { Roles } from './auth.decorators.js';
import { RolesGuard } from './roles.guard.js';

class Routes {
  anybody(): void {}
  @Roles('admin') administration(): void {}
  @Roles('editor', 'admin') edition(): void {}
}

const withRoles = (roles: string[], profile: 'web' | 'admin' = 'web'): FakeRequest => ({
  transport: 'cookie',
  principal: { ...ALICE, roles },
  profile,
});

describe('RolesGuard', () => {
  const guard = new RolesGuard(new Reflector(), { adminRole: 'admin' });
  const answer = (request: FakeRequest, method: string) =>
    codeOf(() => guard.canActivate(contextOf(fakeRequest(request), Routes, method))) ?? 'passes';

  it('says nothing about routes without roles', () => {
    expect(answer({}, 'anybody')).toBe('passes');
  });

  it('answers 401, not 403, to who has no session, also behind a public controller', () => {
    expect(answer({}, 'administration')).toBe('UNAUTHENTICATED');
    expect(
      answer(
        { ...withRoles(['admin'], 'admin'), principal: { ...ALICE, roles: ['admin'], disabled: true } },
        'administration',
      ),
    ).toBe('UNAUTHENTICATED');
  });

  it('lets in who has one of the roles, and nobody else', () => {
    expect(answer(withRoles(['editor']), 'edition')).toBe('passes');
    expect(answer(withRoles(['reader']), 'edition')).toBe('FORBIDDEN');
    expect(answer(withRoles([]), 'administration')).toBe('FORBIDDEN');
  });

  it('honours the admin role only in a session of the admin profile', () => {
    expect(answer(withRoles(['admin'], 'admin'), 'administration')).toBe('passes');
    expect(answer(withRoles(['admin']), 'administration')).toBe('REAUTHENTICATION_REQUIRED');
    expect(answer(withRoles(['admin']), 'edition')).toBe('REAUTHENTICATION_REQUIRED');
    expect(answer(withRoles(['editor', 'admin']), 'edition')).toBe('passes');
  });
});
