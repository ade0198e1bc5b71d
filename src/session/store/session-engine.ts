import type { Cluster, Redis } from 'ioredis';
import type { AnonymousSessionLimiter } from '../anonymous-session-limiter.js';
import type { Durability } from '../durability/durability.options.js';
import { SessionPolicy } from '../lifetime/session-policy.js';
import { SessionTooLargeError } from '../session.errors.js';
import type { Lifetimes, LimitPolicy, SessionObserver, SessionPrincipal } from '../session.types.js';
import { addressOf, type SessionAddress } from '../token/session-id.js';
import { guardIndexKeys } from '../token/ring-guard.js';
import { TagRing } from '../token/tag-ring.js';
import { EveryoneRepository } from './everyone.repository.js';
import { cookieLifeMs } from './session-cookie.js';
import {
  type DecodedSession,
  type JsonData,
  SeenData,
  type Serializer,
  SessionCodec,
} from './session-codec.js';
import { RedisAccess } from './redis-access.js';
import { type Fault, SessionQuarantine } from './session-quarantine.js';
import { SessionRepository } from './session.repository.js';
import type { SessionState } from './session-state.js';
import { SessionWriter } from './session-writer.js';
import { UserSessionsRepository } from './user-sessions.repository.js';

export interface SessionEngineOptions {
  client: Redis | Cluster;
  prefix: string;
  indexKeys: readonly string[];
  /** Whether users' sessions lie under tags of those keys, so that other keys than those in use are refused. */
  guardIndexKeys: boolean;
  serializer: Serializer;
  lifetimes: Lifetimes;
  adminRole: string;
  touchIntervalMs: number;
  maxSessions: number;
  limitPolicy: LimitPolicy;
  maxSessionBytes: number;
  /** Top-level keys that only a login or rotation writes. */
  protectedKeys: readonly string[];
  /** Finds the user in a session's data. */
  userOf: (data: JsonData) => SessionPrincipal | undefined;
  /** Idle timeout of a session, ms, where it does not follow from its profile and its cookie. */
  idleTimeoutMsOf?: (data: JsonData) => number;
  durability: Durability;
  anonymousSessionLimiter?: AnonymousSessionLimiter;
  observer?: SessionObserver;
  /** Where to say what an operator should know and no error reports. */
  warn: (message: string) => void;
}

/**
 * What a session is, whoever asks: the express-session store, the service and the command line all go through it.
 */
export class SessionEngine {
  readonly redis: RedisAccess;
  readonly repository: SessionRepository;
  readonly users: UserSessionsRepository;
  readonly everyone: EveryoneRepository;
  readonly codec: SessionCodec;
  readonly ring: TagRing;
  readonly policy: SessionPolicy;
  readonly writer: SessionWriter;
  readonly quarantine: SessionQuarantine;
  private opening: Promise<void> | undefined;
  /** Whether `ready` has been waited for; what comes later need not wait, and so keeps its order. */
  isReady = false;

  constructor(readonly options: SessionEngineOptions) {
    this.policy = new SessionPolicy(options.lifetimes, options.adminRole);
    this.codec = new SessionCodec(options.serializer);
    this.ring = new TagRing(options.indexKeys);
    this.redis = new RedisAccess(
      options.client,
      options.prefix,
      this.policy.longestAbsoluteMs,
      options.observer,
      options.durability,
    );
    this.repository = new SessionRepository(this.redis);
    this.users = new UserSessionsRepository(this.redis);
    this.everyone = new EveryoneRepository(this.redis);
    this.writer = new SessionWriter(this);
    this.quarantine = new SessionQuarantine(this);
    this.redis.onUnreadable = (at) => this.quarantine.report(at, 'corrupt');
  }

  /**
   * Loads the live session of a token: one command. Whatever is not a live, well-formed session of the user that its
   * token names is no session.
   */
  async load(token: string, at: SessionAddress = addressOf(token)): Promise<SessionState | null> {
    const { raw, generation, principal } = await this.repository.load(at);
    return raw === null ? null : this.interpret(token, at, raw, generation, principal);
  }

  /** Makes sense of what Redis holds. @returns null for everything that must not be accepted */
  interpret(
    token: string,
    at: SessionAddress,
    raw: string,
    generation: number,
    live: string | null,
  ): SessionState | null {
    const decoded = this.codec.decode(raw);
    if (typeof decoded === 'string') return this.refuse(at, decoded);
    // Not `<`: what somebody has put there that is no number must not be passed over.
    if (at.ofUser && !(decoded.header.generation >= generation)) return null;
    if (decoded.header.absoluteExpiryMs <= this.redis.clock.now()) return null;
    const fault = this.quarantine.faultOf(at, decoded);
    if (fault) return this.refuse(at, fault);
    const snapshot = this.options.userOf(decoded.data);
    const principal = snapshot && overlay(snapshot, live);
    // It may say that the user is disabled; what cannot be read must not be passed over.
    if (principal === null) return this.ignore('corrupt');
    if (principal?.disabled) return null;
    return this.stateFrom(token, at, decoded, principal);
  }

  stateFrom(
    token: string,
    at: SessionAddress,
    decoded: DecodedSession,
    principal: SessionPrincipal | undefined,
  ): SessionState {
    return {
      token,
      at,
      meta: decoded.meta,
      principal,
      header: decoded.header,
      seen: new SeenData(this.codec, decoded.data),
      stored: undefined,
    };
  }

  /** The body of a record. @throws SessionTooLargeError */
  bodyOf(meta: SessionState['meta'], data: JsonData): string {
    const body = this.codec.body(meta, data);
    if (Buffer.byteLength(body) > this.options.maxSessionBytes) {
      this.options.observer?.onSessionEvent({ type: 'refused', reason: 'too-large' });
      throw new SessionTooLargeError(this.options.maxSessionBytes);
    }
    return body;
  }

  /** Idle timeout of a session now, ms: its profile's, or what is left of its cookie when that is shorter. */
  idleTimeoutMs(state: Pick<SessionState, 'meta'>, data: JsonData): number {
    if (this.options.idleTimeoutMsOf) return this.options.idleTimeoutMsOf(data);
    const { idleTimeoutMs } = this.policy.lifetimeOf(state.meta);
    return Math.min(idleTimeoutMs, cookieLifeMs(data['cookie']) ?? idleTimeoutMs);
  }

  /** Shortest time between two touches of a session, ms. One that lives shortly is touched more often, or it would end in use. */
  touchIntervalMs(state: Pick<SessionState, 'meta' | 'seen'>): number {
    return Math.min(this.options.touchIntervalMs, this.idleTimeoutMs(state, state.seen.data) / 10);
  }

  /**
   * Slides the idle timeout, at most once per interval over all nodes. Without a command while the interval runs.
   * @returns false when there is no such session any more; true also when nobody was asked
   */
  async touch(state: SessionState): Promise<boolean> {
    if (!this.isTouchDue(state)) return true;
    // Before the command: requests of the same session that are under way on this node need not all ask.
    const { touchedMs } = state.header;
    state.header.touchedMs = this.redis.clock.now();
    try {
      const idle = this.idleTimeoutMs(state, state.seen.data);
      const last = await this.repository.touch(state.at, idle, this.touchIntervalMs(state));
      if (last !== undefined) state.header.touchedMs = last;
      else this.options.observer?.onSessionEvent({ type: 'resurrection-prevented', operation: 'touch' });
      return last !== undefined;
    } catch (error) {
      state.header.touchedMs = touchedMs;
      throw error;
    }
  }

  isTouchDue(state: SessionState): boolean {
    return this.redis.clock.now() - state.header.touchedMs >= this.touchIntervalMs(state);
  }

  /**
   * When the cookie of a session expires, where that follows from its `originalMaxAge`; by the host's clock, which
   * express-session compares it with. Use within the touch interval is not written, so the last one may have been as
   * late as the end of that.
   */
  cookieExpiry(state: SessionState): Date | undefined {
    const { originalMaxAge } = (state.seen.data['cookie'] ?? {}) as { originalMaxAge?: unknown };
    if (typeof originalMaxAge !== 'number') return undefined;
    const now = this.redis.clock.now();
    const used = Math.min(now, state.header.touchedMs + this.touchIntervalMs(state));
    return new Date(Date.now() + Math.min(used + originalMaxAge, state.header.absoluteExpiryMs) - now);
  }

  /** When a session ends unless it is used, ms. */
  expiresMs(state: Pick<SessionState, 'meta' | 'header' | 'seen'>): number {
    return Math.min(
      state.header.touchedMs + this.idleTimeoutMs(state, state.seen.data),
      state.header.absoluteExpiryMs,
    );
  }

  /**
   * Resolves when Redis's time is known and the index keys are those of the sessions there. Asks once.
   * @throws TypeError when the index keys are unknown to this Redis
   * @throws SessionStoreUnavailableError
   */
  async ready(): Promise<void> {
    if (this.isReady) return;
    this.opening ??= this.open().finally(() => (this.opening = undefined));
    await this.opening;
  }

  /** Ends what runs in the background. */
  async close(): Promise<void> {
    this.redis.clock.stop();
    this.redis.revocations.close();
    await this.users.close();
    await this.quarantine.close();
  }

  private async open(): Promise<void> {
    await this.redis.ask('clock', this.redis.clock.ready());
    if (this.options.guardIndexKeys) await guardIndexKeys(this.redis, this.ring);
    void this.redis.revocations.open();
    this.isReady = true;
  }

  private refuse(at: SessionAddress, fault: Fault | 'moved'): null {
    if (fault !== 'moved') this.quarantine.report(at, fault);
    return null;
  }

  private ignore(reason: 'corrupt'): null {
    this.options.observer?.onSessionEvent({ type: 'ignored', reason });
    return null;
  }
}

// Null when the live principal cannot be read.
function overlay(snapshot: SessionPrincipal, live: string | null): SessionPrincipal | null {
  if (live === null) return snapshot;
  try {
    const { roles, email, displayName, disabled } = JSON.parse(live) as SessionPrincipal;
    return Array.isArray(roles) ? { ...snapshot, roles, email, displayName, disabled } : null;
  } catch {
    return null;
  }
}
