import { LoginBusyError, RequestAbandonedError } from '../auth.errors.js';
import { PasswordHasher } from '../password-hasher.js';
import type { HashObserver } from './hash-observer.js';

/** How much may be hashed, and how much may wait for it. */
export interface HashLimits {
  /** Hashes at a time. */
  concurrency: number;
  /** Hashes that may wait; beyond it calls reject with LoginBusyError at once. */
  queueLength: number;
}

interface Waiter {
  begin(): void;
}

// What a hash is taken to last until one has been seen.
const FIRST_ESTIMATE_MS = 50;

/**
 * Bounds how many passwords are hashed at a time, whatever hashes them. Without it a burst of logins takes every core
 * and all the memory that the hashes ask for, and requests that need no hash wait behind them.
 */
export class QueuedHasher extends PasswordHasher {
  private hashing = 0;
  private acts = 0;
  private hashMs = FIRST_ESTIMATE_MS;
  // In the order of their coming; a Set, so that one who leaves does so in constant time.
  private readonly line = new Set<Waiter>();

  constructor(
    private readonly inner: PasswordHasher,
    readonly limits: Readonly<HashLimits>,
    private readonly observer?: HashObserver,
  ) {
    super();
  }

  /** How many are being hashed. */
  get running(): number {
    return this.hashing;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.line.size;
  }

  /** @throws LoginBusyError @throws RequestAbandonedError `signal` was aborted before the hash began */
  async hash(password: string, signal?: AbortSignal): Promise<string> {
    return this.run(() => this.inner.hash(password, signal), signal);
  }

  /** @throws LoginBusyError @throws RequestAbandonedError `signal` was aborted before the hash began */
  async verify(hash: string, password: string, signal?: AbortSignal): Promise<boolean> {
    return this.run(() => this.inner.verify(hash, password, signal), signal);
  }

  needsRehash(hash: string): boolean {
    return this.inner.needsRehash(hash);
  }

  /**
   * Runs an act that looks things up before it hashes, while no more such acts are under way than may hash or wait:
   * under a storm of logins the look-ups of those who are refused in the end would cost more than their answers.
   * @throws LoginBusyError before the act has begun
   */
  async withRoom<T>(act: () => Promise<T>): Promise<T> {
    if (this.acts >= this.limits.concurrency + this.limits.queueLength) throw this.busy();
    this.acts += 1;
    try {
      return await act();
    } finally {
      this.acts -= 1;
    }
  }

  /** For acts without look-ups: refuses what would be refused anyway. @throws LoginBusyError */
  demandRoom(): void {
    if (this.running >= this.limits.concurrency && this.waiting >= this.limits.queueLength) throw this.busy();
  }

  private async run<T>(task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const cameMs = performance.now();
    await this.enter(signal);
    const startedMs = performance.now();
    try {
      return await task();
    } finally {
      const durationMs = performance.now() - startedMs;
      this.hashMs += (durationMs - this.hashMs) / 8;
      this.observer?.onHash(startedMs - cameMs, durationMs);
      this.leave();
    }
  }

  private async enter(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw new RequestAbandonedError();
    this.demandRoom();
    if (this.running < this.limits.concurrency) {
      this.hashing += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abandon = (): void => {
        this.line.delete(waiter);
        reject(new RequestAbandonedError());
      };
      const waiter: Waiter = {
        begin: () => {
          signal?.removeEventListener('abort', abandon);
          resolve();
        },
      };
      this.line.add(waiter);
      signal?.addEventListener('abort', abandon, { once: true });
    });
  }

  private leave(): void {
    const [next] = this.line;
    if (!next) {
      this.hashing -= 1;
      return;
    }
    // The place goes to the next in line directly; a newcomer cannot take it in between.
    this.line.delete(next);
    next.begin();
  }

  private busy(): LoginBusyError {
    this.observer?.onRefused();
    const queued = Math.max(this.acts, this.waiting);
    return new LoginBusyError((queued * this.hashMs) / this.limits.concurrency / 1000);
  }
}
