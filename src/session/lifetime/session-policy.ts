import type { Lifetime, Lifetimes, Profile, SessionMeta, Transport } from '../session.types.js';

/** What every login of a program is held to. */
export class SessionPolicy {
  constructor(
    private readonly lifetimes: Lifetimes,
    private readonly adminRole: string,
  ) {}

  /** The profile of a new or re-authenticated session. */
  profileFor(roles: readonly string[], transport: Transport): Profile {
    if (roles.includes(this.adminRole)) return 'admin';
    return transport === 'bearer' ? 'bearer' : 'web';
  }

  /**
   * Idle and absolute timeout of a session. An admin's never outlasts what the transport allows: it takes the minimum
   * of both.
   */
  lifetimeOf(session: Pick<SessionMeta, 'profile' | 'transport'> | undefined): Lifetime {
    if (!session) return this.lifetimes.anonymous;
    if (session.profile !== 'admin') return this.lifetimes[session.profile];
    const transport = this.lifetimes[session.transport === 'bearer' ? 'bearer' : 'web'];
    return {
      idleTimeoutMs: Math.min(this.lifetimes.admin.idleTimeoutMs, transport.idleTimeoutMs),
      absoluteTimeoutMs: Math.min(this.lifetimes.admin.absoluteTimeoutMs, transport.absoluteTimeoutMs),
    };
  }

  get longestAbsoluteMs(): number {
    return Math.max(...Object.values(this.lifetimes).map((lifetime) => lifetime.absoluteTimeoutMs));
  }
}
