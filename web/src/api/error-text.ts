import type { ApiError } from './api-error.js';

/**
 * What to tell a person, by code. Where the answer's own words say more (which password rule, which form field), they
 * are shown beside these.
 */
export const ERROR_TEXTS: Readonly<Record<string, string>> = {
  VALIDATION_FAILED: 'Something in the form is not as it should be.',
  MALFORMED_JSON: 'This page and the server do not understand each other. Reload the page.',
  AMBIGUOUS_CREDENTIALS:
    'This browser sent two credentials at once. Log out, or clear the cookies of this site.',
  PASSWORD_TOO_WEAK: 'Choose another password.',
  INVALID_TOKEN: 'This link was used before, has expired or is not whole. Register again for a new one.',
  BAD_REQUEST: 'The server could not understand that.',
  UNAUTHENTICATED: 'You are not logged in.',
  INVALID_CREDENTIALS: 'E-mail or password is wrong.',
  SESSION_ENDED: 'Your session has ended. Log in again.',
  FORBIDDEN: 'Your account may not do that.',
  REGISTRATION_CLOSED: 'New accounts are made by an administrator here.',
  CROSS_SITE_REQUEST:
    'The server does not know the address of this page. Its operator has to set PUBLIC_URL.',
  REAUTHENTICATION_REQUIRED: 'This needs your password again.',
  NOT_FOUND: 'There is nothing at this address.',
  USER_NOT_FOUND: 'There is no such person.',
  SESSION_NOT_FOUND: 'That session had ended already.',
  OPERATION_NOT_FOUND: 'The server does not know of this operation any more.',
  METHOD_NOT_ALLOWED: 'This page and the server do not understand each other. Reload the page.',
  REQUEST_TIMEOUT: 'The connection was too slow. Try again.',
  EMAIL_TAKEN: 'There is an account with this e-mail already. Log in instead.',
  TOO_MANY_SESSIONS: 'This account is logged in as often as it may be. End one of its sessions to get in.',
  SESSION_CONFLICT: 'Two changes met. Try again.',
  SESSION_MOVED: 'You logged in meanwhile. Try again.',
  LAST_ADMIN: 'There must be at least one administrator who is not disabled.',
  BODY_TOO_LARGE: 'That is more than the server accepts.',
  SESSION_TOO_LARGE: 'That is more than the server accepts.',
  UNSUPPORTED_MEDIA_TYPE: 'This page and the server do not understand each other. Reload the page.',
  HEADERS_TOO_LARGE: 'This browser sends more cookies than the server accepts. Clear those of this site.',
  TOO_MANY_ATTEMPTS: 'Too many attempts.',
  TOO_MANY_CONNECTIONS: 'Too many connections are open in this session. Close some tabs.',
  TOO_MANY_STREAMS: 'These pages are open in too many tabs. Close some of them.',
  INTERNAL_ERROR: 'Something went wrong on the server.',
  INSECURE_TRANSPORT:
    'The server is not set up to log browsers in here. Its operator finds the reason in the log.',
  OVERLOADED: 'The server is busy. Try again in a moment.',
  LOGIN_BUSY: 'Many people are logging in right now. Try again in a moment.',
  SESSION_STORE_UNAVAILABLE:
    'The server cannot reach its session store. Nobody was logged out; try again in a moment.',
  DATABASE_UNAVAILABLE: 'The server cannot reach its database. Try again in a moment.',
  NETWORK: 'The server cannot be reached. Check your connection.',
  UNEXPECTED_ANSWER: 'The answer did not come from Latchkey.',
};

/** What an error is called to a person, with the reference that operators find in their log. */
export function errorText(error: ApiError): string {
  const text = ERROR_TEXTS[error.code] ?? error.problem.detail ?? 'Something went wrong.';
  const { requestId } = error.problem;
  return error.code === 'INTERNAL_ERROR' && requestId ? `${text} Reference: ${requestId}` : text;
}

/**
 * What an error says about one field of a form.
 *
 * @param path name of the field in the request's body
 */
export function fieldText(error: ApiError | undefined, path: string): string | undefined {
  const own = (error?.problem.errors ?? []).filter((entry) => entry.path === path);
  return own.length > 0 ? own.map((entry) => entry.message).join('. ') : undefined;
}
