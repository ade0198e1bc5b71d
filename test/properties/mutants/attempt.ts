import fc from 'fast-check';
import { runSteps } from '../run-steps.js';
import type { Observer } from '../snapshot.js';
import { anyRun, runsAround } from '../step.js';
import type { Nodes } from '../subject.js';
import type { Mutant } from './mutant.js';

export interface Attempt {
  /** What broke; null when everything held. */
  broken: unknown;
  /** How many runs there were, the one that broke included. */
  numRuns: number;
}

/** Takes the same runs as every time with this seed, where a mutant shows, until one breaks. */
export async function attempt(
  nodes: Nodes,
  observer: Observer,
  { around, setting: needed }: Mutant,
  limits: { seed: number; numRuns: number },
): Promise<Attempt> {
  const property = fc.asyncProperty(around ? runsAround(around, needed) : anyRun, ({ setting, steps }) =>
    runSteps(nodes, observer, setting, steps),
  );
  const { errorInstance, numRuns } = await fc.check(property, { ...limits, endOnFailure: true });
  return { broken: errorInstance, numRuns };
}
