import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ServerResponse } from 'node:http';

import { otherMethods } from './allowed-methods.js';
import { describeError } from './describe-error.js';
import { ProblemException } from './problem.exception.js';
import { requestIdOf, sendProblem, type IdentifiedRequest } from './send-problem.js';
import { toProblem } from './to-problem.js';

// An outage answers every request with 503, thousands a second; one line of each kind says what there is to say.
const REPEAT_AFTER_MS = 10_000;

/**
 * The one exception filter: whatever is thrown, by a handler, a guard, a parser or the router, is answered as
 * `application/problem+json`. A fault (500) is logged with its causes, an outage (other 5xx) at most
 * once in ten seconds for each code; refusals are not logged.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);
  private readonly outages = new Map<string, { saidMs: number; unsaid: number }>();

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
    else this.logOutage(code, `request ${requestId}: ${innermostMessage(problem)}`);
  }

  private logOutage(code: string, what: string): void {
    const nowMs = performance.now();
    const known = this.outages.get(code);
    if (known && nowMs - known.saidMs < REPEAT_AFTER_MS) {
      known.unsaid += 1;
      return;
    }
    const others = known?.unsaid ? ` (and ${known.unsaid} more since the last of these lines)` : '';
    this.logger.warn(`${code}, ${what}${others}`);
    this.outages.set(code, { saidMs: nowMs, unsaid: 0 });
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
