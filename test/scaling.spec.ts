import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

interface Cost {
  cpuMicros: number;
  aofBytes: number;
}
interface Inputs {
  measured: Record<
    string,
    { memoryBytes: number; create: Cost; read: Cost; touch: Cost; save: Cost; revokedPerSecond: number }
  >;
  assumptions: Record<string, number>;
}
interface Compute {
  scalingTable(inputs: Inputs, counts: number[]): string[];
}

const PAGE = readFileSync(new URL('../docs/scaling.md', import.meta.url), 'utf8');
const INPUTS = JSON.parse(/```json inputs\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '') as Inputs;
const COMPUTE = new URL('../bench/sizing/compute.mjs', import.meta.url).href;

describe('docs/scaling.md', () => {
  it('has the figures that its inputs give', async () => {
    const { scalingTable } = (await import(COMPUTE)) as Compute;
    for (const line of scalingTable(INPUTS, [10_000_000, 1_000_000_000])) expect(PAGE).toContain(`${line}\n`);
  });

  it('would have others with other inputs', async () => {
    const { scalingTable } = (await import(COMPUTE)) as Compute;
    const assumptions = {
      ...INPUTS.assumptions,
      activeShare: 2 * (INPUTS.assumptions['activeShare'] as number),
    };
    const other = scalingTable({ ...INPUTS, assumptions }, [10_000_000, 1_000_000_000]);
    expect(other.filter((line) => !PAGE.includes(line)).length).toBeGreaterThan(3);
  });
});
