import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { LoginBusyError, PasswordTooWeakError } from '../auth.errors.js';
import { BreachedPasswords } from './breached-passwords.js';
import { NewPasswords } from './new-passwords.js';
import { PasswordPolicy } from './password-policy.js';
import { QueuedHasher } from './queued.hasher.js';

const OWNER = { email: 'ada@example.com', displayName: null };
const PASSWORD = 'un cafe\u0301 au lait froid';

class Breaches extends BreachedPasswords {
  readonly asked: string[] = [];
  answer: (signal: AbortSignal) => Promise<boolean> = () => Promise.resolve(false);

  async isBreached(password: string, signal: AbortSignal): Promise<boolean> {
    this.asked.push(password);
    return this.answer(signal);
  }
}

describe('NewPasswords', () => {
  const hash = jest.fn(async (password: string) => `hash of ${password}`);
  const policy = new PasswordPolicy({ minLength: 15, contextWords: [] });
  let breachedPasswords: Breaches;
  let passwords: NewPasswords;
  let warned: jest.SpiedFunction<Logger['warn']>;

  const make = (breaches: Breaches | undefined, concurrency = 1) => {
    const inner = { hash, verify: () => Promise.resolve(false), needsRehash: () => false };
    const hasher = new QueuedHasher(inner, { concurrency, queueLength: 0 });
    return new NewPasswords(policy, { hasher, breachedPasswords: breaches });
  };

  beforeEach(() => {
    hash.mockClear();
    warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    breachedPasswords = new Breaches();
    passwords = make(breachedPasswords);
  });
  afterEach(() => void jest.restoreAllMocks());

  it('asks about the form that is hashed, after the rules that cost nothing', async () => {
    expect(() => passwords.accept('too short', OWNER)).toThrow(PasswordTooWeakError);
    const accepted = passwords.accept(PASSWORD, OWNER);
    expect(breachedPasswords.asked).toEqual([]);
    expect(await passwords.hash(accepted)).toBe('hash of un caf\u00e9 au lait froid');
    expect(breachedPasswords.asked).toEqual(['un caf\u00e9 au lait froid']);
  });

  it('refuses a breached password without hashing it, and names the field', async () => {
    breachedPasswords.answer = () => Promise.resolve(true);
    const accepted = passwords.accept(PASSWORD, OWNER, 'newPassword');
    const refused = await passwords.hash(accepted).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PasswordTooWeakError);
    const message = 'This password is known from a data breach. Choose another one.';
    expect((refused as PasswordTooWeakError).toProblem().body).toMatchObject({
      code: 'PASSWORD_TOO_WEAK',
      errors: [{ path: 'newPassword', message }],
    });
    expect(hash).not.toHaveBeenCalled();
  });

  it('takes the password when nobody can tell, and says so in the log without it', async () => {
    breachedPasswords.answer = () => Promise.reject(new Error('nobody there'));
    expect(await passwords.hash(passwords.accept(PASSWORD, OWNER))).toMatch(/^hash/);
    expect(String(warned.mock.calls[0]?.[0])).toMatch(
      /^a new password was not compared with breaches: Error: nobody/,
    );
    expect(JSON.stringify(warned.mock.calls)).not.toContain('lait');
  });

  it('takes the password when the answer is late, also from an adapter that waits for ever', async () => {
    const deadline = new AbortController();
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal);
    let given: AbortSignal | undefined;
    breachedPasswords.answer = (signal) => {
      given = signal;
      return new Promise(() => undefined);
    };
    const hashed = passwords.hash(passwords.accept(PASSWORD, OWNER));
    deadline.abort();
    expect(await hashed).toMatch(/^hash/);
    expect(timeout).toHaveBeenCalledWith(2000);
    expect(given).toBe(deadline.signal);
    expect(String(warned.mock.calls[0]?.[0])).toContain('no answer within 2000 ms');
  });

  it('asks nobody when the queue is full, and nobody at all without a port', async () => {
    const full = make(breachedPasswords, 0);
    await expect(full.hash(full.accept(PASSWORD, OWNER))).rejects.toThrow(LoginBusyError);
    expect(breachedPasswords.asked).toEqual([]);
    const alone = make(undefined);
    expect(await alone.hash(alone.accept(PASSWORD, OWNER))).toMatch(/^hash/);
    expect(warned).not.toHaveBeenCalled();
  });
});
