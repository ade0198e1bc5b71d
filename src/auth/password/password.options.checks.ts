import { failed, isTextList, isWhole, named, unknownOptions } from '../../options/index.js';
import type { AuthModuleOptions } from '../auth.module-definition.js';
import { type Argon2Parameters, DEFAULT_ARGON2 } from './argon2.hasher.js';
import { hashCapacity, thisMachine } from './hash-capacity.js';
import { MAX_PASSWORD_CODE_POINTS } from './normalise-password.js';

// The floor under any policy: NIST SP 800-63B-4, section 3.1.1.2.
const LOWEST_MIN_LENGTH = 8;
const ARGON2: Record<keyof Argon2Parameters, true> = { memoryKib: true, timeCost: true, parallelism: true };

/** What is wrong with the options of new passwords and of their hashes. */
export function passwordProblems(options: AuthModuleOptions): string[] {
  const { argon2, passwordMinLength: length, contextWords, hashConcurrency, hashQueueLength } = options;
  const { threadPoolSize } = options;
  const costs =
    argon2 === undefined || (named(argon2) && Object.keys(ARGON2).every((name) => isWhole(argon2[name], 1)));
  const threads = threadPoolSize === undefined || isWhole(threadPoolSize, 1);
  return [
    ...(named(argon2) ? unknownOptions(argon2, ARGON2, { path: 'argon2.' }) : []),
    ...failed(
      [
        length === undefined || isWhole(length, LOWEST_MIN_LENGTH, MAX_PASSWORD_CODE_POINTS),
        `passwordMinLength: must be a whole number from ${LOWEST_MIN_LENGTH} to ${MAX_PASSWORD_CODE_POINTS}.`,
      ],
      [contextWords === undefined || isTextList(contextWords), 'contextWords: must be a list of names.'],
      [
        hashConcurrency === undefined || isWhole(hashConcurrency, 1),
        'hashConcurrency: must be a whole number of at least 1.',
      ],
      [
        hashQueueLength === undefined || isWhole(hashQueueLength, 0),
        'hashQueueLength: must be a whole number of at least 0.',
      ],
      [threads, 'threadPoolSize: must be a whole number of at least 1.'],
      [costs, 'argon2: memoryKib, timeCost and parallelism must be whole numbers of at least 1.'],
      [
        !costs || !threads || capacityOf(options) > 0,
        'argon2: one hash would take more than a quarter of the memory there is; lower memoryKib or give it more.',
      ],
    ),
  ];
}

/** How many hashes of these options the machine has room for at a time. */
export function capacityOf({ hasher, argon2, threadPoolSize }: AuthModuleOptions): number {
  return hashCapacity(hasher ? undefined : (argon2 ?? DEFAULT_ARGON2), thisMachine(threadPoolSize));
}
