import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AuditRetention } from './audit-retention.js';
import { AuditRepository } from './audit.repository.js';

const DAY_MS = 86_400_000;

function retentionOver(old: number, retentionDays?: number) {
  let left = old;
  const deleteBefore = jest.fn((_beforeMs: number, limit: number) => {
    const deleted = Math.min(left, limit);
    left -= deleted;
    return Promise.resolve(deleted);
  });
  const retention = new AuditRetention({ deleteBefore } as unknown as AuditRepository, { retentionDays });
  return { retention, deleteBefore, left: () => left };
}

describe('AuditRetention', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('deletes in chunks what is older than a year, or than the days that were chosen', async () => {
    const { retention, deleteBefore } = retentionOver(1_200);
    await expect(retention.deleteOld(1_000 * DAY_MS)).resolves.toBe(1_200);
    expect(deleteBefore.mock.calls.map(([beforeMs]) => beforeMs / DAY_MS)).toEqual([635, 635, 635]);
    const short = retentionOver(1, 30);
    await short.retention.deleteOld(1_000 * DAY_MS);
    expect(short.deleteBefore).toHaveBeenCalledWith(970 * DAY_MS, expect.any(Number));
  });

  it('leaves a mountain of old events to later rounds', async () => {
    const { retention, left } = retentionOver(1_000_000);
    await expect(retention.deleteOld()).resolves.toBe(50_000);
    expect(left()).toBe(950_000);
  });

  it('runs at start and every hour, until it is stopped', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const { retention, deleteBefore } = retentionOver(0);
    retention.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(deleteBefore).toHaveBeenCalledTimes(3);
    await retention.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(deleteBefore).toHaveBeenCalledTimes(3);
  });

  it('deletes nothing when events are kept for ever', () => {
    const { retention, deleteBefore } = retentionOver(10, 0);
    retention.onApplicationBootstrap();
    expect(deleteBefore).not.toHaveBeenCalled();
  });

  it.each([-1, Number.NaN])('refuses to keep events for %p days', (days) => {
    expect(() => retentionOver(0, days)).toThrow(RangeError);
  });
});
