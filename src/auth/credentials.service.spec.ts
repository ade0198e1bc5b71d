import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LoginTicket, SessionService } from '../session/index.js';
import { ALICE } from '../../test/support/fake-request.js';
import { LoginBusyError } from './auth.errors.js';
import { CredentialsService } from './credentials.service.js';
import { PasswordHasher } from './password-hasher.js';
import type { UserCredentials, UserStore } from './user-store.js';

/** Hashes are `hash:<password>`; writes down what it was asked. */
class PlainHasher extends PasswordHasher {
  readonly verified: [string, string][] = [];
  rehash = false;

  async hash(password: string): Promise<string> {
    return `hash:${password}`;
  }

  async verify(hash: string, password: string): Promise<boolean> {
    this.verified.push([hash, password]);
    return hash === `hash:${password}`;
  }

  needsRehash(): boolean {
    return this.rehash;
  }
}

describe('CredentialsService', () => {
  const accounts: Record<string, UserCredentials> = {
    alice: { user: ALICE, passwordHash: 'hash:right', version: 1 },
    disabled: { user: { ...ALICE, id: 'disabled', disabled: true }, passwordHash: 'hash:right', version: 1 },
    external: { user: { ...ALICE, id: 'external' }, passwordHash: null, version: 1 },
  };
  let steps: string[];
  let hasher: PlainHasher;
  let service: CredentialsService;
  const rehash = jest.fn<UserStore['rehash']>();

  beforeEach(async () => {
    steps = [];
    hasher = new PlainHasher();
    rehash.mockReset();
    const userStore = {
      async findByEmail(email: string) {
        steps.push('email');
        const id = email.split('@')[0] ?? '';
        return id in accounts ? { id } : null;
      },
      async findCredentials(userId: string) {
        steps.push('credentials');
        return accounts[userId] ?? null;
      },
      rehash,
    } as unknown as UserStore;
    const sessions = {
      async takeTicket(userId: string) {
        steps.push('ticket');
        return { userId } as LoginTicket;
      },
    } as SessionService;
    service = new CredentialsService(sessions, { userStore, hasher });
    await service.onModuleInit();
  });

  it('takes the ticket before the hash is read, and compares afterwards', async () => {
    const { verdict, ticket } = await service.verifyLogin(' Alice@Example.com', 'right');
    expect(steps).toEqual(['email', 'ticket', 'credentials']);
    expect(verdict).toEqual({ valid: true, user: ALICE, passwordHash: 'hash:right' });
    expect(ticket.userId).toBe('alice');
  });

  it.each([
    ['nobody@example.com', 'right', 'unknown-account'],
    ['alice@example.com', 'wrong', 'wrong-password'],
    ['alice@example.com', 'x'.repeat(1025), 'wrong-password'],
    ['alice@example.com', 'bad \ud800', 'wrong-password'],
    ['disabled@example.com', 'right', 'disabled'],
    ['external@example.com', '', 'wrong-password'],
  ])('does the same work to refuse %s %.12s', async (email, password, reason) => {
    const { verdict } = await service.verifyLogin(email, password);
    expect(verdict).toMatchObject({ valid: false, reason });
    expect(steps).toEqual(['email', 'ticket', 'credentials']);
    expect(hasher.verified).toHaveLength(1);
  });

  it('refuses the password of an account without one even when it is the dummy', async () => {
    await service.verify('external', 'guess');
    const [[dummy] = ['']] = hasher.verified;
    expect(await service.verify('external', dummy.slice('hash:'.length))).toMatchObject({ valid: false });
  });

  it('never hashes what is too long', async () => {
    await service.verify('alice', 'x'.repeat(5000));
    expect(hasher.verified[0]?.[1]).toBe('');
  });

  it('takes a password in another normal form', async () => {
    accounts['cafe'] = { user: { ...ALICE, id: 'cafe' }, passwordHash: 'hash:caf\u00e9', version: 1 };
    expect(await service.verify('cafe', 'cafe\u0301')).toMatchObject({ valid: true });
  });

  describe('with hashes of other parameters', () => {
    beforeEach(() => {
      hasher.rehash = true;
    });

    it('stores a new hash after a right password only', async () => {
      await service.verify('alice', 'wrong');
      await service.verify('disabled', 'right');
      expect(rehash).not.toHaveBeenCalled();
      await service.verify('alice', 'right');
      expect(rehash).toHaveBeenCalledWith('alice', 'hash:right', 'hash:right');
    });

    it('logs in even when the new hash cannot be stored', async () => {
      rehash.mockRejectedValueOnce(new LoginBusyError());
      expect(await service.verify('alice', 'right')).toMatchObject({ valid: true });
    });
  });
});
