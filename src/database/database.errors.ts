import { ProblemException } from '../problem/index.js';

/**
 * The database did not answer, not in time, or cannot write. Whether a change that was under way has happened is
 * unknown: a commit may have been lost on its way back.
 */
export class DatabaseUnavailableError extends Error {
  constructor(options?: { cause?: unknown }) {
    super('The database does not answer.', options);
  }

  /** The answer over HTTP, as in docs/http-api.md. */
  toProblem(): ProblemException {
    return new ProblemException('DATABASE_UNAVAILABLE', {
      detail: 'The database does not answer. Try again.',
      retryAfterSeconds: 1,
      cause: this,
    });
  }
}

/** Whether the statement failed because a unique value is taken, on either database. */
export function isUniqueViolation(error: unknown): boolean {
  // 23505 is unique_violation in PostgreSQL's list of error codes, appendix A.
  return ['23505', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'].includes(codeOf(error));
}

/** The driver's error code: a SQLSTATE, SQLite's result code or Node's system error; '' when there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
