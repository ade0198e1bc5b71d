import { type ArgumentsHost, Catch, Logger } from '@nestjs/common';
import { BaseWsExceptionFilter, WsException } from '@nestjs/websockets';
import { describeError, toProblem } from '../problem/index.js';

/**
 * Answers what a gateway's handler, guard or pipe throws with the problem that it would be over HTTP:
 * `@UseFilters(new WsProblemFilter())` on a gateway; Nest applies no global filters there. The client gets
 * `{"event":"exception","data":{"type":…,"title":…,"status":409,"detail":…,"code":"SESSION_CONFLICT","pattern":"move"}}`, where
 * `pattern` is the event that it had sent. Without it Nest says "Internal server error" for anything but a WsException, and
 * logs it as a fault; with it faults alone (500) are logged.
 *
 * When the session has ended the connection is closed, which says so by itself.
 *
 * A WsException is a host's own answer and stays as it is.
 */
@Catch()
export class WsProblemFilter extends BaseWsExceptionFilter {
  private readonly faults = new Logger(WsProblemFilter.name);

  /** Called by Nest. */
  override catch(error: unknown, host: ArgumentsHost): void {
    if (error instanceof WsException) return super.catch(error, host);
    const ws = host.switchToWs();
    const problem = toProblem(error);
    if (problem.body.status === 500)
      this.faults.error(`a message failed: ${describeError(problem.cause ?? problem)}`);
    this.emitMessage(ws.getClient<object>(), 'exception', { ...problem.body, pattern: ws.getPattern() });
  }
}
