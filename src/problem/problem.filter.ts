import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ServerResponse } from 'node:http';

import { otherMethods } from './allowed-methods.js';
import { describeError } from './describe-error.js';
import { ProblemException } from './problem.exception.js';
import { requestIdOf, sendProblem, type IdentifiedRequest } from './send-problem.js';
import { toProblem } from './to-problem.js';

/**
 * The one exception filter: whatever is thrown, by a handler, a guard, a parser or the router, is answered as
 * `application/problem+json`. Faults of the server (5xx) are logged with their causes, refusals are not.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const req = http.getRequest<IdentifiedRequest>();
    const res = http.getResponse<ServerResponse>();
    const problem = withMethods(toProblem(error), req);
    this.log(problem, req);
    sendProblem(req, res, problem);
  }

  private log(problem: ProblemException, req: IdentifiedRequest): void {
    const { status, code } = problem.body;
    if (status < 500) return;
    const requestId = requestIdOf(req) ?? '-';
    if (status === 500)
      this.logger.error(`${code}, request ${requestId}: ${describeError(problem.cause ?? problem)}`);
    // An outage answers every request with 503; a stack for each would bury everything else.
    else this.logger.warn(`${code}, request ${requestId}: ${innermostMessage(problem)}`);
  }
}

/** A 404 for an address that exists under other methods is a 405, and says which (RFC 9110, section 15.5.6). */
function withMethods(problem: ProblemException, req: IdentifiedRequest): ProblemException {
  if (problem.errorCode !== 'NOT_FOUND') return problem;
  const methods = otherMethods(req);
  if (methods.length === 0) return problem;
  return new ProblemException('METHOD_NOT_ALLOWED', {
    headers: { Allow: methods.join(', ') },
    cause: problem.cause,
  });
}

function innermostMessage(error: Error): string {
  let current = error;
  while (current.cause instanceof Error) current = current.cause;
  return current.message;
}
