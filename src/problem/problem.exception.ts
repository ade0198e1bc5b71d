import { HttpException } from '@nestjs/common';

import { PROBLEMS, problemType, type ProblemCode } from './problem.catalogue.js';

/** The members of an `application/problem+json` body (RFC 9457), before the request id is added. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  [extension: string]: unknown;
}

/** What a problem says beyond its code. */
export interface ProblemOptions {
  /** A sentence for this case, shown to the client. Never a password, token, or message of another system. */
  detail?: string;
  /** Becomes `Retry-After`, rounded up to whole seconds, at least 1. */
  retryAfterSeconds?: number;
  /** Further response headers. */
  headers?: Record<string, string>;
  /** Further members of the body, such as `errors` or `sessions`. They cannot replace the standard ones. */
  extensions?: Record<string, unknown>;
  /** What went wrong underneath; logged for 5xx, never sent. */
  cause?: unknown;
}

/**
 * An answer other than success, as the HTTP contract describes it. It is an `HttpException` whose response is the
 * problem itself, so a host without {@link ProblemFilter} answers with the same members and status.
 */
export class ProblemException extends HttpException {
  // `declare`: a plain field would overwrite what HttpException's constructor has set.
  declare readonly errorCode: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const { status, title, detail } = PROBLEMS[code];
    const body: ProblemBody = {
      ...options.extensions,
      type: problemType(code),
      title,
      status,
      detail: options.detail ?? detail,
      code,
    };
    super(body, status, { errorCode: code, cause: options.cause });
    this.message = `${code}: ${body.detail}`;
    this.headers = {
      ...(options.retryAfterSeconds === undefined
        ? {}
        : { 'Retry-After': String(Math.max(1, Math.ceil(options.retryAfterSeconds))) }),
      ...options.headers,
    };
  }

  /** The problem as it is sent, without the request id. */
  get body(): ProblemBody {
    return this.getResponse() as ProblemBody;
  }
}
