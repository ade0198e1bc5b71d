import { setImmediate as nextTurn } from 'node:timers/promises';

/** A statement deletes no more than this, so that logins do not wait for it on SQLite. */
const CHUNK = 500;
/** A round leaves the rest to the next one, which does not wait for its hour then. */
const MAX_CHUNKS = 100;
const PAUSE_MS = 5_000;

/** Deletes what has had its time: once at the start and then again and again, on every node, in small statements. */
export class DeletionRounds {
  private timer: NodeJS.Timeout | undefined;
  private next: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopping = false;

  /**
   * Begins a first round and plans the others, `intervalMs` apart; after one that has left something the next one begins
   * a few seconds later. The timers do not keep the process alive.
   * @param round resolves with how many were deleted, as `deleteAll` does
   */
  start(intervalMs: number, round: () => Promise<number>, report: (error: unknown) => void): void {
    const begin = (): void => {
      clearTimeout(this.next);
      this.running = this.running.then(round).then((deleted) => {
        if (deleted >= CHUNK * MAX_CHUNKS && !this.stopping) this.next = setTimeout(begin, PAUSE_MS).unref();
      }, report);
    };
    this.timer = setInterval(begin, intervalMs).unref();
    begin();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    clearTimeout(this.next);
    this.stopping = true;
    await this.running;
  }

  /** @param deleteSome deletes at most so many and says how many there were. @returns how many were deleted */
  async deleteAll(deleteSome: (limit: number) => Promise<number>): Promise<number> {
    let deleted = 0;
    for (let chunk = 0; chunk < MAX_CHUNKS && !this.stopping; chunk += 1) {
      const count = await deleteSome(CHUNK);
      deleted += count;
      if (count < CHUNK) break;
      // SQLite works on this thread; requests get their turn.
      await nextTurn();
    }
    return deleted;
  }
}
