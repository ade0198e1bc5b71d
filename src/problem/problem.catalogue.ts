/** What a problem type says when the code that raised it has nothing more precise to say. */
interface ProblemType {
  status: number;
  /** Short and fixed per type (RFC 9457, section 3.1.3). */
  title: string;
  /** The sentence a client shows or logs when there is none for the case at hand. */
  detail: string;
}

/**
 * Every problem this program can answer with, by its stable code. A code is part of the HTTP contract: it may be
 * added, never renamed and never given another status.
 */
export const PROBLEMS = {
  VALIDATION_FAILED: {
    status: 400,
    title: 'Validation failed',
    detail: 'The request does not have the form it must have.',
  },
  MALFORMED_JSON: { status: 400, title: 'Malformed JSON', detail: 'The body is not well-formed JSON.' },
  AMBIGUOUS_CREDENTIALS: {
    status: 400,
    title: 'Ambiguous credentials',
    detail: 'Send one session cookie or one bearer token, and no other beside it.',
  },
  PASSWORD_TOO_WEAK: {
    status: 400,
    title: 'Password too weak',
    detail: 'This password cannot be used. Choose another one.',
  },
  INVALID_TOKEN: {
    status: 400,
    title: 'Invalid token',
    detail: 'This token is wrong, was used or has expired. Ask for a new mail.',
  },
  BAD_REQUEST: { status: 400, title: 'Bad request', detail: 'The request cannot be understood.' },
  UNAUTHENTICATED: {
    status: 401,
    title: 'Not authenticated',
    detail: 'This needs a live session. Log in first.',
  },
  INVALID_CREDENTIALS: { status: 401, title: 'Invalid credentials', detail: 'E-mail or password is wrong.' },
  SESSION_ENDED: { status: 401, title: 'Session ended', detail: 'This session has ended. Log in again.' },
  FORBIDDEN: { status: 403, title: 'Forbidden', detail: 'This session may not do that.' },
  REGISTRATION_CLOSED: {
    status: 403,
    title: 'Registration closed',
    detail: 'New accounts are made by an administrator.',
  },
  CROSS_SITE_REQUEST: {
    status: 403,
    title: 'Cross-site request',
    detail: 'A request that changes something must come from an origin this server knows.',
  },
  REAUTHENTICATION_REQUIRED: {
    status: 403,
    title: 'Re-authentication required',
    detail: 'Prove presence again with POST /auth/reauthenticate, then repeat the request.',
  },
  NOT_FOUND: { status: 404, title: 'Not found', detail: 'There is nothing at this address.' },
  USER_NOT_FOUND: { status: 404, title: 'User not found', detail: 'There is no such user.' },
  SESSION_NOT_FOUND: { status: 404, title: 'Session not found', detail: 'There is no such live session.' },
  OPERATION_NOT_FOUND: { status: 404, title: 'Operation not found', detail: 'There is no such operation.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This address does not answer to that method.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request timeout',
    detail: 'The request took too long to arrive.',
  },
  EMAIL_TAKEN: {
    status: 409,
    title: 'E-mail taken',
    detail: 'There is already an account with this e-mail.',
  },
  TOO_MANY_SESSIONS: {
    status: 409,
    title: 'Too many sessions',
    detail: 'This account has as many sessions as it may have.',
  },
  SESSION_CONFLICT: {
    status: 409,
    title: 'Session conflict',
    detail: 'The session was changed by another request at the same time. Repeat this one.',
  },
  SESSION_MOVED: {
    status: 409,
    title: 'Session moved',
    detail: 'This session has gone on under another id. Repeat the request with the new session.',
  },
  LAST_ADMIN: { status: 409, title: 'Last admin', detail: 'There must be at least one enabled admin.' },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is larger than this server accepts.',
  },
  SESSION_TOO_LARGE: {
    status: 413,
    title: 'Session too large',
    detail: 'The session would hold more than it may hold.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'A body must be sent as Content-Type: application/json in UTF-8.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Headers too large',
    detail: 'The request line and the headers are more or longer than this server accepts.',
  },
  TOO_MANY_CONNECTIONS: {
    status: 429,
    title: 'Too many connections',
    detail: 'This session has as many connections open as it may have. Close one first.',
  },
  TOO_MANY_ATTEMPTS: { status: 429, title: 'Too many attempts', detail: 'Wait before trying again.' },
  INTERNAL_ERROR: { status: 500, title: 'Internal error', detail: 'Something went wrong on this side.' },
  INSECURE_TRANSPORT: {
    status: 500,
    title: 'Insecure transport',
    detail: 'This server is not set up to log browsers in here. Its operator finds the reason in the log.',
  },
  OVERLOADED: {
    status: 503,
    title: 'Overloaded',
    detail: 'More requests arrive than can be answered. Try again shortly.',
  },
  LOGIN_BUSY: { status: 503, title: 'Login busy', detail: 'Too many logins at once. Try again shortly.' },
  SESSION_STORE_UNAVAILABLE: {
    status: 503,
    title: 'Session store unavailable',
    detail: 'The session store does not answer. Try again.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'Database unavailable',
    detail: 'The database does not answer. Try again.',
  },
} as const satisfies Record<string, ProblemType>;

/** One of the stable codes of {@link PROBLEMS}. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The `type` member of a problem (RFC 9457, section 3.1.1): stable, and nothing to dereference. */
export function problemType(code: ProblemCode): string {
  return `urn:latchkey:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}
