import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Request } from 'express';
import { describeError, plainText } from '../problem/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import type { SecurityEvent } from './security-events.js';

// A user agent is for people to read; the header is as long as the client likes.
const MAX_USER_AGENT = 256;
const MAX_SHORT_TEXT = 128;

/** Writes what a request did into the trail. */
@Injectable()
export class SecurityRecorder {
  private readonly logger = new Logger('SecurityEvents');

  constructor(@Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'events'>) {}

  /**
   * Resolves when the event is recorded. Never rejects: the act has taken effect by now, and an answer that denies it
   * would be wrong.
   */
  async record(req: Request, event: SecurityEvent): Promise<void> {
    const { events } = this.options;
    if (!events) return;
    const { id } = req as { id?: unknown };
    const userAgent = req.headers['user-agent'];
    try {
      await events.record({
        ip: req.ip && plainText(req.ip, MAX_SHORT_TEXT),
        userAgent: userAgent && plainText(userAgent, MAX_USER_AGENT),
        requestId: typeof id === 'string' ? plainText(id, MAX_SHORT_TEXT) : undefined,
        ...event,
      });
    } catch (error) {
      this.logger.error(`${event.type} was not recorded: ${describeError(error)}`);
    }
  }
}
