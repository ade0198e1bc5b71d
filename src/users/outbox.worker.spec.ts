import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OutboxDelivery } from './outbox.delivery.js';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';
import { OutboxWorker } from './outbox.worker.js';

const entry = (id: string): OutboxEntry => ({ id, userId: `user-of-${id}`, kind: 'disable' });

/** An outbox in memory: what is claimed is away until it is released or delivered. */
class MemoryOutbox {
  due: OutboxEntry[] = [];
  later: OutboxEntry[] = [];
  claimed: OutboxEntry[] = [];

  claim(limit: number): Promise<OutboxEntry[]> {
    this.claimed = this.due.splice(0, limit);
    return Promise.resolve([...this.claimed]);
  }

  release(ids: string[], afterMs = 0): Promise<void> {
    const released = this.claimed.filter(({ id }) => ids.includes(id));
    (afterMs > 0 ? this.later : this.due).push(...released);
    return Promise.resolve();
  }

  count(): Promise<number> {
    return Promise.resolve(this.due.length + this.later.length);
  }

  newestMs(): Promise<number | null> {
    return Promise.resolve(this.due.length + this.later.length > 0 ? 1 : null);
  }
}

describe('OutboxWorker', () => {
  let outbox: MemoryOutbox;
  let deliver: jest.Mock<(entry: OutboxEntry) => Promise<void>>;
  let worker: OutboxWorker;
  let errors: jest.SpiedFunction<Logger['error']>;
  let messages: jest.SpiedFunction<Logger['log']>;

  beforeEach(() => {
    outbox = new MemoryOutbox();
    deliver = jest.fn<(entry: OutboxEntry) => Promise<void>>().mockResolvedValue(undefined);
    worker = new OutboxWorker(
      outbox as unknown as OutboxRepository,
      { deliver } as unknown as OutboxDelivery,
    );
    errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    messages = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    await worker.beforeApplicationShutdown();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('delivers everything that is due, in batches', async () => {
    outbox.due = Array.from({ length: 45 }, (_, i) => entry(String(i)));
    await worker.drain();
    expect(deliver).toHaveBeenCalledTimes(45);
  });

  it('stops at the first failure, and puts the entry that failed behind the others', async () => {
    outbox.due = [entry('a'), entry('b'), entry('c')];
    deliver.mockRejectedValueOnce(new Error('away'));
    await worker.drain();
    expect(deliver).toHaveBeenCalledTimes(1);
    expect(outbox.due.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(outbox.later.map(({ id }) => id)).toEqual(['a']);
  });

  it('says once that it fails and once that it is over', async () => {
    outbox.due = [entry('a')];
    deliver.mockRejectedValue(new Error('away'));
    for (let round = 0; round < 3; round += 1) {
      await worker.drain();
      // A round in which nothing is due yet is not the end of the outage.
      await worker.drain();
      outbox.due = outbox.later.splice(0);
    }
    expect(errors).toHaveBeenCalledTimes(1);
    expect(messages).not.toHaveBeenCalled();
    deliver.mockResolvedValue(undefined);
    await worker.drain();
    await worker.drain();
    expect(messages).toHaveBeenCalledTimes(1);
  });

  it('runs one round at a time, at start and every second, until it is stopped', async () => {
    jest.useFakeTimers();
    const claim = jest.spyOn(outbox, 'claim');
    await worker.onApplicationBootstrap();
    expect(claim).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(claim).toHaveBeenCalledTimes(3);
    await worker.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(claim).toHaveBeenCalledTimes(3);
  });

  it('finishes the entry at hand before the program closes its connections', async () => {
    outbox.due = [entry('a')];
    let finish: () => void = () => undefined;
    deliver.mockReturnValue(new Promise((resolve) => (finish = resolve)));
    const started = worker.onApplicationBootstrap();
    await new Promise(setImmediate);
    let stopped = false;
    const stopping = worker.beforeApplicationShutdown().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    await started;
  });

  it('lets the program start when nothing is left, also of what a node that died still holds', async () => {
    outbox.due = [entry('a')];
    outbox.later = [entry('held')];
    const started = worker.onApplicationBootstrap().then(() => 'started');
    await new Promise(setImmediate);
    expect(await Promise.race([started, Promise.resolve('waits')])).toBe('waits');
    outbox.due = outbox.later.splice(0);
    await expect(started).resolves.toBe('started');
    expect(deliver.mock.calls.map(([{ id }]) => id)).toEqual(['a', 'held']);
  });

  it('lets the program start although the sessions or the outbox cannot be reached', async () => {
    outbox.due = [entry('a')];
    deliver.mockRejectedValue(new Error('away'));
    await worker.onApplicationBootstrap();
    jest.spyOn(outbox, 'newestMs').mockRejectedValue(new Error('away too'));
    await worker.onApplicationBootstrap();
    expect(errors).toHaveBeenCalledTimes(1);
  });

  it('waits no longer at the start than anybody may hold an entry', async () => {
    outbox.later = [entry('held')];
    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    jest.useFakeTimers();
    const started = worker.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(11_000);
    await started;
    expect(warnings).toHaveBeenCalledTimes(1);
  });
});
