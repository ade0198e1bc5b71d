import type { SessionVector, SessionVectors } from './session-vector.js';
import { DEFAULTS } from './vector-kit.js';
import { vectorsOfCredentials } from './vectors-of-credentials.js';
import { vectorsOfPeople } from './vectors-of-people.js';
import { vectorsOfPrincipals } from './vectors-of-principals.js';
import { vectorsOfRecords } from './vectors-of-records.js';

/** Where they are written down. */
export const VECTORS_FILE = new URL('../../../docs/session-format/vectors.json', import.meta.url);

export const sessionVectors: SessionVectors = {
  about:
    'What a reader of sessions must say of each of these requests; docs/other-languages.md says how to use them. ' +
    'Made by npm run vectors: change test/support/vectors, not this file.',
  defaults: DEFAULTS,
  vectors: [...vectorsOfCredentials, ...vectorsOfRecords, ...vectorsOfPeople, ...vectorsOfPrincipals],
};

/** One of them. */
export function vectorNamed(wanted: string): SessionVector {
  const vector = sessionVectors.vectors.find(({ name }) => name === wanted);
  if (vector === undefined) throw new Error(`There is no vector ${wanted}.`);
  return vector;
}

/** The text of that file: the same in every run, a line for each vector. */
export function vectorsText(): string {
  const { vectors, ...others } = sessionVectors;
  const head = JSON.stringify(others, undefined, 2).replace(/\n}$/, '');
  const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
  return `${head},\n  "vectors": [\n${lines.join(',\n')}\n  ]\n}\n`;
}
