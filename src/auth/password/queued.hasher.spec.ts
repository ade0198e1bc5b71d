import { describe, expect, it } from '@jest/globals';
import { LoginBusyError } from '../auth.errors.js';
import { PasswordHasher } from '../password-hasher.js';
import { QueuedHasher } from './queued.hasher.js';

/** Holds every hash until it is told to go on. */
class HeldHasher extends PasswordHasher {
  readonly started: string[] = [];
  private readonly held: (() => void)[] = [];

  async hash(password: string): Promise<string> {
    this.started.push(password);
    await new Promise<void>((resolve) => this.held.push(resolve));
    if (password === 'bad') throw new Error('bad');
    return `hash of ${password}`;
  }

  async verify(hash: string, password: string): Promise<boolean> {
    return (await this.hash(password)) === hash;
  }

  needsRehash(hash: string): boolean {
    return hash === 'old';
  }

  async finishOne(): Promise<void> {
    await new Promise(setImmediate);
    this.held.shift()?.();
    await new Promise(setImmediate);
  }
}

describe('QueuedHasher', () => {
  const make = (concurrency: number, queueLength: number) => {
    const inner = new HeldHasher();
    return { inner, hasher: new QueuedHasher(inner, { concurrency, queueLength }) };
  };

  it('hashes so many at a time, and the rest in the order in which they came', async () => {
    const { inner, hasher } = make(2, 10);
    const all = Promise.all(['a', 'b', 'c', 'd'].map((password) => hasher.hash(password)));
    await new Promise(setImmediate);
    expect(inner.started).toEqual(['a', 'b']);
    await inner.finishOne();
    expect(inner.started).toEqual(['a', 'b', 'c']);
    await inner.finishOne();
    await inner.finishOne();
    await inner.finishOne();
    expect(await all).toEqual(['hash of a', 'hash of b', 'hash of c', 'hash of d']);
  });

  it('refuses at once what is too much to wait, and says when to come again', async () => {
    const { inner, hasher } = make(1, 1);
    const first = hasher.hash('a');
    const second = hasher.verify('hash of b', 'b');
    const refused = await hasher.hash('c').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LoginBusyError);
    const problem = (refused as LoginBusyError).toProblem();
    expect(problem.errorCode).toBe('LOGIN_BUSY');
    expect(Number(problem.headers['Retry-After'])).toBeGreaterThan(0);
    await inner.finishOne();
    await inner.finishOne();
    expect(await Promise.all([first, second])).toEqual(['hash of a', true]);
  });

  it('goes on after a hash that failed', async () => {
    const { inner, hasher } = make(1, 1);
    const outcome = hasher.hash('bad').catch(() => 'failed');
    const next = hasher.hash('a');
    await inner.finishOne();
    await inner.finishOne();
    expect([await outcome, await next]).toEqual(['failed', 'hash of a']);
  });

  it('asks the inner one about rehashing', () => {
    const { hasher } = make(1, 1);
    expect([hasher.needsRehash('old'), hasher.needsRehash('new')]).toEqual([true, false]);
  });
});
