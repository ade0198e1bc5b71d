import { LoginBusyError } from '../auth.errors.js';
import { PasswordHasher } from '../password-hasher.js';

/**
 * Bounds how many passwords are hashed at a time, whatever hashes them. Without it a burst of logins takes every core
 * and all the memory that the hashes ask for, and requests that need no hash wait behind them.
 */
export class QueuedHasher extends PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param limits.concurrency hashes at a time
   * @param limits.queueLength hashes that may wait; beyond it calls reject with LoginBusyError at once
   */
  constructor(
    private readonly inner: PasswordHasher,
    private readonly limits: { concurrency: number; queueLength: number },
  ) {
    super();
  }

  async hash(password: string): Promise<string> {
    return this.run(() => this.inner.hash(password));
  }

  async verify(hash: string, password: string): Promise<boolean> {
    return this.run(() => this.inner.verify(hash, password));
  }

  needsRehash(hash: string): boolean {
    return this.inner.needsRehash(hash);
  }

  private async run<T>(task: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await task();
    } finally {
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (this.running < this.limits.concurrency) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.limits.queueLength) throw new LoginBusyError();
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private leave(): void {
    // The place goes to the next in line directly; a newcomer cannot take it in between.
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }
}
