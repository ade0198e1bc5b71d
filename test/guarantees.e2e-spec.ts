import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { MUTANTS } from './properties/mutants/index.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const sections = read('docs/guarantees.md')
  .split(/^## /m)
  .slice(1)
  .map((text) => ({
    name: text.slice(0, text.indexOf(':')),
    tests: [...text.matchAll(/^- Test: `(.+)`: (.+)$/gm)].map(([, file = '', title = '']) => ({
      file,
      title,
    })),
    mutants: [...text.matchAll(/^- Mutant: (.+)$/gm)].map(([, name = '']) => name),
  }));

describe('docs/guarantees.md', () => {
  it('has every guarantee that is proved here', () => {
    expect(sections.map(({ name }) => name)).toEqual([
      'G1',
      'G2',
      'G3',
      'G4',
      'G5',
      'G6',
      'G7',
      'G8',
      'G9',
      'G10',
    ]);
  });

  it.each(sections.map((section) => [section.name, section] as const))(
    'names tests and mutants for %s that are there',
    (name, { tests, mutants }) => {
      expect(tests.length).toBeGreaterThan(0);
      // The property test has no outages and no replicas.
      if (name !== 'G7' && name !== 'G9') expect(mutants.length).toBeGreaterThan(0);
      const names = MUTANTS.map(({ name }) => name);
      expect(mutants.filter((mutant) => !names.includes(mutant))).toEqual([]);
      for (const { file, title } of tests) expect(read(file)).toContain(title);
    },
  );
});
