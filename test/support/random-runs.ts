import { expect } from '@jest/globals';
import fc from 'fast-check';
import { relative } from 'node:path';

const { LATCHKEY_SEED: seed, LATCHKEY_PATH: path } = process.env;

export interface RandomRuns {
  /** How many runs. */
  numRuns: number;
  /** When to give up looking for a smaller counterexample, or for one at all, ms. The test itself needs a bit more. */
  limitMs: number;
}

/**
 * Fails when a property does not hold for random values, and says then how to see the same again. With
 * `LATCHKEY_SEED`, and `LATCHKEY_PATH` from the same message, it begins where that run had got to.
 */
export async function expectAlways<Values>(
  property: fc.IAsyncProperty<Values>,
  { numRuns, limitMs }: RandomRuns,
): Promise<void> {
  const details = await fc.check(property, {
    numRuns,
    // A test that runs out of its own time would keep the seed to itself.
    interruptAfterTimeLimit: limitMs,
    markInterruptAsFailure: true,
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(path !== undefined && { path }),
  });
  if (!details.failed) return;
  const replay = [`LATCHKEY_SEED=${details.seed}`];
  if (details.counterexamplePath !== null) replay.push(`LATCHKEY_PATH=${details.counterexamplePath}`);
  const file = relative(process.cwd(), expect.getState().testPath ?? '');
  throw new Error(
    `${await fc.asyncDefaultReportMessage(details)}\n\nTo see it again: ${replay.join(' ')} npm test -- ${file}`,
    { cause: details.errorInstance },
  );
}
