import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LoginBusyError, RequestAbandonedError } from '../auth.errors.js';
import { PasswordHasher } from '../password-hasher.js';
import { QueuedHasher } from './queued.hasher.js';

/** Holds every hash until it is told to go on. */
class HeldHasher extends PasswordHasher {
  readonly started: string[] = [];
  private readonly held: (() => void)[] = [];

  get atATime(): number {
    return this.held.length;
  }

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
  afterEach(() => void jest.restoreAllMocks());

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

  it('tells an observer of every hash and of every refusal', async () => {
    const seen: string[] = [];
    const inner = new HeldHasher();
    const observer = {
      onHash: (waitedMs: number, durationMs: number) =>
        seen.push(waitedMs >= 0 && durationMs >= 0 ? 'hash' : 'nonsense'),
      onRefused: () => seen.push('refused'),
    };
    const hasher = new QueuedHasher(inner, { concurrency: 1, queueLength: 1 }, observer);
    const all = Promise.allSettled(['a', 'bad', 'c'].map((password) => hasher.hash(password)));
    expect([hasher.running, hasher.waiting]).toEqual([1, 1]);
    await inner.finishOne();
    await inner.finishOne();
    await all;
    expect(seen).toEqual(['refused', 'hash', 'hash']);
    expect([hasher.running, hasher.waiting]).toEqual([0, 0]);
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

  it('never runs nor keeps waiting more than it may, however many come at once', async () => {
    const { inner, hasher } = make(2, 5);
    const outcomes = Array.from({ length: 500 }, (_, i) =>
      hasher.hash(`p${i}`).then(
        () => 'hashed',
        (error: Error) => error.constructor.name,
      ),
    );
    await new Promise(setImmediate);
    expect(inner.started).toHaveLength(2);
    expect(() => hasher.demandRoom()).toThrow(LoginBusyError);
    for (let i = 0; i < 7; i += 1) {
      expect(inner.atATime).toBeLessThanOrEqual(2);
      await inner.finishOne();
    }
    const counted = await Promise.all(outcomes);
    expect(counted.filter((outcome) => outcome === 'hashed')).toHaveLength(7);
    expect(counted.filter((outcome) => outcome === 'LoginBusyError')).toHaveLength(493);
    expect(inner.started).toHaveLength(7);
    expect(() => hasher.demandRoom()).not.toThrow();
  });

  it('begins no more acts than may hash or wait, and others when those have ended', async () => {
    const { hasher } = make(2, 3);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let begun = 0;
    const acts = Array.from({ length: 500 }, () =>
      hasher
        .withRoom(async () => {
          begun += 1;
          await ended;
          if (begun % 2) throw new Error('failed');
        })
        .catch((error: Error) => error.constructor.name),
    );
    expect(begun).toBe(5);
    end();
    const outcomes = await Promise.all(acts);
    expect(outcomes.filter((outcome) => outcome === 'LoginBusyError')).toHaveLength(495);
    expect(await hasher.withRoom(async () => 'an act')).toBe('an act');
  });

  it('says when the queue will have been worked off, from how long hashes take', async () => {
    const { inner, hasher } = make(1, 2);
    const slow = hasher.hash('a');
    await new Promise(setImmediate);
    jest.spyOn(performance, 'now').mockReturnValueOnce(performance.now() + 24_000);
    await inner.finishOne();
    await slow;
    const waiting = ['b', 'c', 'd'].map((password) => hasher.hash(password));
    const refused = (await hasher.hash('e').catch((error: unknown) => error)) as LoginBusyError;
    // The mean moves an eighth of the way: two that wait, of 3 s each.
    expect(refused.toProblem().headers['Retry-After']).toMatch(/^[67]$/);
    for (let i = 0; i < 3; i += 1) await inner.finishOne();
    await Promise.all(waiting);
  });

  it('hashes nothing for whoever went away while waiting, and gives the place to another', async () => {
    const { inner, hasher } = make(1, 2);
    const [gone, stays] = [new AbortController(), new AbortController()];
    const first = hasher.hash('a');
    const abandoned = hasher.hash('b', gone.signal).catch((error: unknown) => error);
    const second = hasher.verify('hash of c', 'c', stays.signal);
    expect(() => hasher.demandRoom()).toThrow(LoginBusyError);
    gone.abort();
    expect(await abandoned).toBeInstanceOf(RequestAbandonedError);
    expect(() => hasher.demandRoom()).not.toThrow();
    const third = hasher.hash('d');
    await inner.finishOne();
    stays.abort();
    await inner.finishOne();
    await inner.finishOne();
    expect(await Promise.all([first, second, third])).toEqual(['hash of a', true, 'hash of d']);
    expect(inner.started).toEqual(['a', 'c', 'd']);
  });

  it('hashes nothing for whoever is gone already', async () => {
    const { inner, hasher } = make(1, 1);
    await expect(hasher.hash('a', AbortSignal.abort())).rejects.toThrow(RequestAbandonedError);
    expect(inner.started).toEqual([]);
    const next = hasher.hash('b');
    await inner.finishOne();
    expect(await next).toBe('hash of b');
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
