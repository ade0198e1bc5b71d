import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ProblemException } from '../../problem/index.js';
import { SessionService } from '../../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { liveSession } from './live-session.js';

/**
 * Whether a request's user has proved presence recently, for routes where that depends on what is asked for. Use
 * `@RequireRecentLogin()` where it does not.
 * @see OWASP ASVS 5.0, section 7.5
 */
@Injectable()
export class RecentLogin {
  constructor(
    private readonly sessions: SessionService,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'reauthWindowMs'>,
  ) {}

  /** Says nothing when presence was proved within the window. @throws ProblemException `UNAUTHENTICATED`, `REAUTHENTICATION_REQUIRED` */
  demand(req: IncomingMessage): void {
    const session = liveSession(req);
    if (!session) throw new ProblemException('UNAUTHENTICATED');
    if (this.sessions.now() - session.authenticatedAtMs > this.options.reauthWindowMs) {
      throw new ProblemException('REAUTHENTICATION_REQUIRED');
    }
  }
}
