import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { describeError, plainText } from '../problem/index.js';
import { type Revocation, type SessionPrincipal, together } from '../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import type { ActOrigin, ChangeRecording, SecurityEvent } from './security-events.js';

// A user agent is for people to read; the header is as long as the client likes.
const MAX_USER_AGENT = 256;
const MAX_SHORT_TEXT = 128;

/** Where a request comes from, as text for reading: a header may hold control characters. */
export function originOf(req: IncomingMessage): ActOrigin {
  const { id, ip } = req as { id?: unknown; ip?: string };
  const userAgent = req.headers['user-agent'];
  return {
    ip: ip && plainText(ip, MAX_SHORT_TEXT),
    userAgent: userAgent && plainText(userAgent, MAX_USER_AGENT),
    requestId: typeof id === 'string' ? plainText(id, MAX_SHORT_TEXT) : undefined,
  };
}

/** A change of an account on its way into the trail: by the store that makes the change, or else by `settle`. */
export interface PendingRecording extends ChangeRecording {
  /** Records what the store has not written. Call it once the change stands, also when its effects failed. */
  settle(after: SessionPrincipal, before: SessionPrincipal): Promise<void>;
  /** What the change has ended, as far as the store has told. */
  readonly revocation: Revocation;
}

/** Writes what was done into the trail. */
@Injectable()
export class SecurityRecorder {
  private readonly logger = new Logger('SecurityEvents');

  constructor(@Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'events'>) {}

  /**
   * Resolves when the event is recorded. Never rejects: the act has taken effect by now, and an answer that denies it
   * would be wrong.
   */
  async record(req: IncomingMessage, event: SecurityEvent): Promise<void> {
    await this.recordFrom(originOf(req), event);
  }

  /** The same, for what a host does with or without a request. */
  async recordFrom(origin: ActOrigin, event: SecurityEvent): Promise<void> {
    await this.write({ ...origin, ...event });
  }

  /**
   * For a change that a user store commits: hand it to the store, then call `settle`.
   *
   * @param describe says what there is to tell; called inside the transaction
   */
  recording(origin: ActOrigin, describe: ChangeRecording['eventsOf']): PendingRecording {
    let written = false;
    let revocation: Revocation = { revoked: 0 };
    const eventsOf = (after: SessionPrincipal, before: SessionPrincipal) =>
      describe(after, before).map((event) => ({ ...origin, ...event }));
    return {
      eventsOf,
      committed: (events) => {
        written = true;
        for (const event of events) this.options.events?.onCommitted?.(event);
      },
      ended: (ended) => (revocation = together(revocation, ended)),
      get revocation() {
        return revocation;
      },
      settle: async (after, before) => {
        if (written) return;
        written = true;
        for (const event of eventsOf(after, before)) await this.write(event);
      },
    };
  }

  /** Records an event as it is. Resolves when it is recorded; never rejects. */
  async write(event: SecurityEvent): Promise<void> {
    try {
      await this.options.events?.record(event);
    } catch (error) {
      this.logger.error(`${event.type} was not recorded: ${describeError(error)}`);
    }
  }
}
