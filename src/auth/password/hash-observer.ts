/** Port: hears of the work of the queue for password hashes. Called synchronously; it must not throw and must not block. */
export abstract class HashObserver {
  /** A password was hashed or compared, or that failed. @param waitedMs for its turn @param durationMs of the hash itself */
  abstract onHash(waitedMs: number, durationMs: number): void;

  /** An act was refused with LoginBusyError. */
  abstract onRefused(): void;
}
