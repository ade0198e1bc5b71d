import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DeletionRounds } from './deletion-rounds.js';

const HOUR_MS = 3_600_000;

function roundsOver(old: number) {
  const table = { left: old, rounds: 0 };
  const rounds = new DeletionRounds();
  const round = () => {
    table.rounds += 1;
    return rounds.deleteAll((limit) => {
      const deleted = Math.min(table.left, limit);
      table.left -= deleted;
      return Promise.resolve(deleted);
    });
  };
  rounds.start(HOUR_MS, round, () => undefined);
  return { table, rounds };
}

describe('DeletionRounds', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Time goes by; what runs meanwhile gets its turns. */
  const goBy = async (ms: number): Promise<void> => {
    for (let i = 0; i < 60; i += 1) {
      await jest.advanceTimersByTimeAsync(ms / 60);
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('goes on within the hour while there is more than a round deletes', async () => {
    const { table, rounds } = roundsOver(220_000);
    await goBy(60_000);
    expect(table).toEqual({ left: 0, rounds: 5 });
    await goBy(HOUR_MS / 2);
    expect(table.rounds).toBe(5);
    await rounds.stop();
  });

  it('plans nothing any more when it is stopped in the midst of a mountain', async () => {
    const { table, rounds } = roundsOver(1_000_000);
    await goBy(1_000);
    await rounds.stop();
    const { left } = table;
    expect(left).toBeGreaterThan(0);
    await goBy(60_000);
    expect(table.left).toBe(left);
    expect(jest.getTimerCount()).toBe(0);
  });
});
