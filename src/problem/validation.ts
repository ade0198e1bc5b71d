import type { z } from 'zod';

import { ProblemException } from './problem.exception.js';

/** An issue as the Standard Schema specification has it; zod's issues carry more, of which only `keys` is read. */
export interface ValidationIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>;
  readonly keys?: readonly string[];
}

/** One entry of the `errors` member of a `VALIDATION_FAILED` problem. */
export interface FieldError {
  /** Where, as `field.0.field`; empty for the body as a whole. */
  path: string;
  message: string;
}

// A body has 16 kB at most, but a client has no use for thousands of complaints about it.
const MAX_ERRORS = 20;
const MAX_PATH_LENGTH = 100;
const MAX_MESSAGE_LENGTH = 300;

/**
 * The answer to input that a schema refused. Names the places and the rules; never a value, since it may be a
 * password. Names of unknown fields come from the client and are cut short.
 */
export function validationProblem(issues: readonly ValidationIssue[]): ProblemException {
  const errors = issues.flatMap(fieldErrors).slice(0, MAX_ERRORS);
  return new ProblemException('VALIDATION_FAILED', { extensions: { errors } });
}

/**
 * Input checked outside of a parameter decorator, for example in a guard, which runs before pipes.
 *
 * @throws {ProblemException} `VALIDATION_FAILED` when `value` does not satisfy `schema`.
 */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw validationProblem(result.error.issues);
  return result.data;
}

function fieldErrors(issue: ValidationIssue): FieldError[] {
  const path = (issue.path ?? []).map((segment) =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  if (issue.keys !== undefined) {
    // zod's own message lists the unknown names inside one sentence; here each is an entry at its own place.
    return issue.keys.map((key) => ({ path: joined([...path, key]), message: 'Unknown field' }));
  }
  return [{ path: joined(path), message: issue.message.slice(0, MAX_MESSAGE_LENGTH) }];
}

function joined(path: string[]): string {
  return path.join('.').slice(0, MAX_PATH_LENGTH);
}
