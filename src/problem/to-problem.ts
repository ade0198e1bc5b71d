import { HttpException } from '@nestjs/common';

import type { ProblemCode } from './problem.catalogue.js';
import { ProblemException } from './problem.exception.js';

/** What an error of the http-errors package looks like; body-parser and the Express router throw these. */
interface HttpError {
  status: number;
  type?: unknown;
}

const CODE_BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_ATTEMPTS',
};

/**
 * The answer to anything that was thrown while a request was handled.
 *
 * - A {@link ProblemException} is its own answer; so is whatever an error's method `toProblem()` returns.
 * - Nest's `HttpException`s and errors of the http-errors package keep their meaning by status; of their text
 *   nothing is sent, because frameworks quote the request in it. A 4xx without a code here is `BAD_REQUEST`.
 * - Everything else is `INTERNAL_ERROR`, with the error as `cause` for the log. That includes a schema error that
 *   nobody caught: input goes through the validation pipe or `parseInput`, so it is about the server's own data.
 */
export function toProblem(error: unknown): ProblemException {
  if (error instanceof ProblemException) return error;
  if (knowsItsProblem(error)) return error.toProblem();
  if (error instanceof HttpException) return fromHttpException(error);
  if (isHttpError(error)) return fromStatus(error.status, error);
  return new ProblemException('INTERNAL_ERROR', { cause: error });
}

function knowsItsProblem(error: unknown): error is { toProblem(): ProblemException } {
  return error instanceof Error && 'toProblem' in error && typeof error.toProblem === 'function';
}

/** A `status` alone proves nothing: errors of HTTP clients carry the status of somebody else's answer. */
function isHttpError(error: unknown): error is HttpError & Error {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return false;
  return ('expose' in error && typeof error.expose === 'boolean') || error instanceof URIError;
}

function fromHttpException(error: HttpException): ProblemException {
  // Nest's adapter wraps body-parser's errors before it hands them to filters.
  if (isHttpError(error.cause)) return fromStatus(error.getStatus(), error.cause);
  return fromStatus(error.getStatus(), error);
}

function fromStatus(status: number, cause: Error & { type?: unknown }): ProblemException {
  if (status < 400 || status >= 500) return new ProblemException('INTERNAL_ERROR', { cause });
  if (cause.type === 'entity.parse.failed') return new ProblemException('MALFORMED_JSON', { cause });
  return new ProblemException(CODE_BY_STATUS[status] ?? 'BAD_REQUEST', { cause });
}
