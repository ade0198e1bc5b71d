import { makeRoom } from '../login-room.js';
import { snapshotOf } from '../principal-snapshot.js';
import { clientOf, type RequestState } from '../request/request-state.js';
import type { SessionCookieOptions } from '../session.module-definition.js';
import type { SessionEvent, SessionMeta, SessionPrincipal } from '../session.types.js';
import type { JsonData } from '../store/session-codec.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { CreateReply } from '../store/session.repository.js';
import type { SessionState } from '../store/session-state.js';
import { addressOf } from '../token/session-id.js';
import type { LegacySession, ResolvedTakeoverOptions } from './takeover.options.js';
import type { TakeoverRepository } from './takeover.repository.js';

/** The session token that takes an old session over: of a user's tag, or, with '', anonymous. */
export const tokenOf = (successor: string, tag: string) => (tag === '' ? successor : `${tag}.${successor}`);

/** What became of an old session. When it is final, its record has nothing more to say. */
export interface Succession {
  state: SessionState | null;
  final: boolean;
}

const LEFT_ALONE: Succession = { state: null, final: false };
// Nobody knows when the user last proved presence, so whatever asks for a recent login gets a new one.
const PRESENCE_UNKNOWN = 0;
const NO_REVOCATION = 0;
const FIRST_EPOCH = '0';

/**
 * Makes the session that an old one goes on as. Its token follows from the old session's id, so requests that come at
 * once meet in one session. The script that creates every session creates it, with the user's limit and index; it also
 * leaves a marker, and refuses where the marker is but the session is not: what was logged out or revoked since is not
 * taken over again. An old session cannot say when it was made, so any revoke-all that is remembered came after it.
 */
export class SessionSuccession {
  constructor(
    private readonly engine: SessionEngine,
    private readonly repository: TakeoverRepository,
    private readonly options: Pick<ResolvedTakeoverOptions, 'legacyUserId' | 'findPrincipal'>,
    private readonly cookie: SessionCookieOptions,
  ) {}

  /** @throws SessionStoreUnavailableError, and whatever the host's `findPrincipal` throws */
  async begin(successor: string, session: LegacySession, request: RequestState): Promise<Succession> {
    const userId = this.options.legacyUserId(session);
    const kept = this.dataToKeep(session);
    // A record for every visitor who has left nothing would be a record for nothing.
    if (userId === undefined && Object.keys(kept).length === 0) return LEFT_ALONE;
    if ((await this.engine.everyone.epoch()) !== FIRST_EPOCH) return this.refuse('stale', false);
    const principal = typeof userId === 'string' ? await this.options.findPrincipal(userId, session) : userId;
    if (principal === null) return LEFT_ALONE;
    if (principal?.disabled) return this.refuse('stale', true);

    const meta = principal && this.metaOf(principal, request);
    const { absoluteTimeoutMs } = this.engine.policy.lifetimeOf(meta);
    // A save in flight in the old system may bring the record back for as long as its cookie lives.
    const rememberMs = Math.max(absoluteTimeoutMs, maxAgeOf(session));
    const tags = principal ? this.engine.ring.oldestFirst(principal.id) : [''];
    for (const tag of tags.slice(0, -1)) {
      // What was made or revoked under an older index key holds under the newest, too.
      const token = tokenOf(successor, tag);
      const { taken, revoked } = await this.repository.past(addressOf(token));
      if (taken) return this.meet(successor, tag, rememberMs);
      if (revoked) return this.refuse('stale', true);
    }
    const tag = tags[tags.length - 1] as string;
    const reply = await this.create(
      tokenOf(successor, tag),
      meta,
      this.dataOf(kept, principal),
      principal,
      rememberMs,
    );
    switch (reply.outcome) {
      case 'limit':
        // There is no room now; there may be later.
        return this.refuse('limit', false);
      case 'stale':
        return this.refuse('stale', true);
      default:
        return this.meet(successor, tag, rememberMs);
    }
  }

  /** In the session that was made of the old one, by this request or another; if it is still there. */
  private async meet(successor: string, tag: string, rememberMs: number): Promise<Succession> {
    await this.repository.note(successor, tag, rememberMs);
    const state = await this.engine.load(tokenOf(successor, tag));
    return state ? { state, final: true } : this.refuse('gone', true);
  }

  private async create(
    token: string,
    meta: SessionMeta | undefined,
    data: JsonData,
    principal: SessionPrincipal | undefined,
    takeoverTtlMs: number,
  ): Promise<CreateReply> {
    const { repository, policy, codec, options, everyone } = this.engine;
    const unlimited = { maxSessions: 0 };
    const { maxSessions } = principal
      ? await makeRoom(this.engine, principal.id, undefined, undefined)
      : unlimited;
    if (maxSessions === undefined) return { outcome: 'limit' };
    const at = addressOf(token);
    const limits = { ...policy.lifetimeOf(meta), maxSessions, limitPolicy: options.limitPolicy };
    // Whatever its size: the other system allowed it. The first change that is saved has to fit.
    const reply = await repository.create(at, codec.body(meta, data), limits, {
      generation: NO_REVOCATION,
      takeoverTtlMs,
    });
    if (reply.outcome !== 'ok') return reply;
    // Somebody ended everybody's sessions meanwhile; the scan may have passed this key already.
    if ((await everyone.epoch()) !== FIRST_EPOCH) {
      await repository.destroy(at);
      return { outcome: 'stale' };
    }
    options.observer?.onSessionEvent({ type: 'created', anonymous: !at.ofUser });
    const { evicted: count } = reply;
    if (count > 0) options.observer?.onSessionEvent({ type: 'ended', reason: 'evicted', count });
    return reply;
  }

  /** Everything but the old cookie's attributes and the old login. */
  private dataToKeep(session: LegacySession): JsonData {
    const { cookie: _cookie, passport: _passport, ...kept } = this.engine.codec.dataOf(session);
    return kept;
  }

  private dataOf(kept: JsonData, principal: SessionPrincipal | undefined): JsonData {
    const { secure, sameSite } = this.cookie;
    const cookie = { originalMaxAge: null, httpOnly: true, path: '/', secure, sameSite };
    return this.engine.codec.dataOf({
      cookie,
      ...(principal && { passport: { user: snapshotOf(principal) } }),
      ...kept,
    });
  }

  private metaOf(principal: SessionPrincipal, request: RequestState): SessionMeta {
    return {
      transport: 'cookie',
      profile: this.engine.policy.profileFor(principal.roles, 'cookie'),
      authenticatedAt: PRESENCE_UNKNOWN,
      ...clientOf(request),
    };
  }

  private refuse(reason: Extract<SessionEvent, { type: 'refused' }>['reason'], final: boolean): Succession {
    this.engine.options.observer?.onSessionEvent({ type: 'refused', reason });
    return { state: null, final };
  }
}

function maxAgeOf(session: LegacySession): number {
  const maxAge = (session['cookie'] as { originalMaxAge?: unknown } | null | undefined)?.originalMaxAge;
  return typeof maxAge === 'number' && Number.isFinite(maxAge) ? maxAge : 0;
}
