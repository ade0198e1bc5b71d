import type { Session } from './types.js';

/** What an `application/problem+json` answer may say (RFC 9457), as far as these pages read it. */
export interface ProblemBody {
  code?: string;
  detail?: string;
  requestId?: string;
  errors?: { path: string; message: string }[];
  /** Of TOO_MANY_SESSIONS: those that could make room. */
  sessions?: Session[];
}

/** Codes for what never reached the program, or did not come from it. */
export type LocalCode = 'NETWORK' | 'UNEXPECTED_ANSWER';

/** Codes of answers that say nothing about the request: what it needs is away. */
const OUTAGE_CODES = new Set(['SESSION_STORE_UNAVAILABLE', 'DATABASE_UNAVAILABLE', 'NETWORK']);
const LOGGED_OUT_CODES = new Set(['UNAUTHENTICATED', 'SESSION_ENDED']);

/** A call that was refused or could not be made. */
export class ApiError extends Error {
  /**
   * @param code one of the API's, or a {@link LocalCode}
   * @param status of the answer; 0 when there was none
   * @param retryAfterSeconds when it makes sense to try again, if the answer says so
   */
  constructor(
    readonly code: string,
    readonly status: number,
    readonly problem: ProblemBody = {},
    readonly retryAfterSeconds?: number,
  ) {
    super(problem.detail ?? code);
    this.name = 'ApiError';
  }

  /** Whether nothing was decided, because something behind the API is away. */
  get isOutage(): boolean {
    return OUTAGE_CODES.has(this.code);
  }

  /** Whether there is no session any more. A wrong password is a 401, too, and says nothing about the session. */
  get isLoggedOut(): boolean {
    return this.status === 401 && LOGGED_OUT_CODES.has(this.code);
  }
}

/** Whether something thrown is an {@link ApiError}, of this code when one is given. */
export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code);
}
