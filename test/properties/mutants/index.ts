import type { Mutant } from './mutant.js';
import { MUTANTS_OF_CODE } from './mutants-of-code.js';
import { MUTANTS_OF_CREATION } from './mutants-of-creation.js';
import { MUTANTS_OF_ENDING } from './mutants-of-ending.js';
import { MUTANTS_OF_USE } from './mutants-of-use.js';

export type { Mutant } from './mutant.js';

/** Every mechanism that the property test must miss. */
export const MUTANTS: Mutant[] = [
  ...MUTANTS_OF_CREATION,
  ...MUTANTS_OF_USE,
  ...MUTANTS_OF_ENDING,
  ...MUTANTS_OF_CODE,
];
