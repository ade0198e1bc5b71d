import type { Cluster, Redis } from 'ioredis';
import { SessionPolicy } from '../lifetime/session-policy.js';
import {
  SessionConflictError,
  SessionEndedError,
  SessionMovedError,
  SessionTooLargeError,
  SessionUserMismatchError,
} from '../session.errors.js';
import type { Lifetimes, LimitPolicy, SessionObserver, SessionPrincipal } from '../session.types.js';
import { addressOf, type SessionAddress } from '../token/session-id.js';
import { TagRing } from '../token/tag-ring.js';
import { type DecodedSession, type JsonData, type Serializer, SessionCodec } from './session-codec.js';
import { mergeSessionData } from './session-merge.js';
import { SessionQueue } from './session-queue.js';
import { encodeRecord } from './session-record.js';
import { SessionRepository } from './session.repository.js';
import type { SessionState } from './session-state.js';

// Each attempt merges what it lost to; this many losses in a row mean that something else is wrong.
const MAX_SAVE_ATTEMPTS = 32;

export interface SessionEngineOptions {
  client: Redis | Cluster;
  prefix: string;
  indexKeys: readonly string[];
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
  observer?: SessionObserver;
}

/**
 * What a session is, whoever asks: loading, saving with merge, touching. The express-session store, the service and the
 * command line all go through it.
 */
export class SessionEngine {
  readonly repository: SessionRepository;
  readonly codec: SessionCodec;
  readonly ring: TagRing;
  readonly policy: SessionPolicy;
  private readonly queue = new SessionQueue();

  constructor(readonly options: SessionEngineOptions) {
    this.policy = new SessionPolicy(options.lifetimes, options.adminRole);
    this.codec = new SessionCodec(options.serializer);
    this.ring = new TagRing(options.indexKeys);
    this.repository = new SessionRepository(
      options.client,
      options.prefix,
      this.policy.longestAbsoluteMs,
      options.observer,
    );
  }

  /**
   * Loads the live session of a token: one command. Whatever is not a live, well-formed session of the user that its
   * token names is no session.
   */
  async load(token: string): Promise<SessionState | null> {
    const at = addressOf(token);
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
    if (decoded === 'moved') return null;
    if (decoded === 'corrupt') return this.ignore('corrupt');
    if (at.ofUser && decoded.header.generation < generation) return null;
    if (decoded.header.absoluteExpiryMs <= this.repository.clock.now()) return null;
    const snapshot = this.options.userOf(decoded.data);
    if ((snapshot !== undefined) !== at.ofUser) return this.ignore('mismatch');
    if (snapshot && !this.ring.owns(snapshot.id, at.tag)) return this.ignore('mismatch');
    const principal = snapshot && overlay(snapshot, live);
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
      seen: { text: this.codec.text(decoded.data), data: decoded.data },
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
    const maxAge = (data['cookie'] as { originalMaxAge?: unknown } | undefined)?.originalMaxAge;
    return typeof maxAge === 'number' ? Math.min(idleTimeoutMs, maxAge) : idleTimeoutMs;
  }

  /**
   * Saves what changed since the session was read. No command when nothing did.
   * @throws SessionEndedError, SessionMovedError, SessionConflictError, SessionTooLargeError, SessionUserMismatchError,
   *   SessionStoreUnavailableError
   */
  async save(state: SessionState, mine: JsonData): Promise<void> {
    const text = this.codec.text(mine);
    if (text === state.seen.text) return;
    const user = this.options.userOf(mine);
    if (user && user.id !== state.principal?.id) throw new SessionUserMismatchError();
    // A copy: the request goes on changing its own object.
    const wanted = this.options.serializer.parse(text) as JsonData;
    await this.queue.run(state.at.digest, () => this.saveMerged(state, wanted, text));
  }

  /** Re-runs `change` on the stored data until it lands; loses no update. */
  async update(state: SessionState, change: (data: JsonData) => unknown): Promise<void> {
    await this.queue.run(state.at.digest, async () => {
      for (let attempt = 0; attempt < MAX_SAVE_ATTEMPTS; attempt++) {
        const stored = state.stored ?? state.seen.data;
        const draft = structuredClone(stored);
        for (const key of ['cookie', ...this.options.protectedKeys]) delete draft[key];
        await change(draft);
        const data: JsonData = { ...draft };
        for (const key of ['cookie', ...this.options.protectedKeys]) {
          if (stored[key] !== undefined) data[key] = stored[key];
        }
        if (await this.write(state, data)) {
          state.seen = { text: this.codec.text(data), data };
          state.stored = undefined;
          return;
        }
      }
      throw this.conflict();
    });
  }

  /** Slides the idle timeout, at most once per interval over all nodes. Without a command while the interval runs. */
  async touch(state: SessionState): Promise<void> {
    if (!this.isTouchDue(state)) return;
    // Before the command: requests of the same session that are under way on this node need not all ask.
    const { touchedMs } = state.header;
    state.header.touchedMs = this.repository.clock.now();
    try {
      const idle = this.idleTimeoutMs(state, state.seen.data);
      const last = await this.repository.touch(state.at, idle, this.options.touchIntervalMs);
      if (last !== undefined) state.header.touchedMs = last;
    } catch (error) {
      state.header.touchedMs = touchedMs;
      throw error;
    }
  }

  isTouchDue(state: SessionState): boolean {
    return this.repository.clock.now() - state.header.touchedMs >= this.options.touchIntervalMs;
  }

  /** When a session ends unless it is used, ms. */
  expiresMs(state: Pick<SessionState, 'meta' | 'header' | 'seen'>): number {
    return Math.min(
      state.header.touchedMs + this.idleTimeoutMs(state, state.seen.data),
      state.header.absoluteExpiryMs,
    );
  }

  /** Merges `mine`, made from what this request saw, with what a conflict showed to be stored. */
  merge(state: SessionState, mine: JsonData, theirs: JsonData): JsonData {
    let conflicts = 0;
    const merged = mergeSessionData(state.seen.data, mine, theirs, this.options.protectedKeys, () => conflicts++);
    this.options.observer?.onSessionEvent({ type: 'merged', conflicts });
    return merged;
  }

  /** Takes over what a conflict showed to be stored. @throws SessionEndedError when that is no longer this session */
  adopt(state: SessionState, raw: string): JsonData {
    const present = this.codec.decode(raw);
    if (typeof present === 'string') throw this.gone();
    state.header = present.header;
    state.stored = present.data;
    return present.data;
  }

  gone(): SessionEndedError {
    this.options.observer?.onSessionEvent({ type: 'refused', reason: 'gone' });
    return new SessionEndedError();
  }

  conflict(): SessionConflictError {
    this.options.observer?.onSessionEvent({ type: 'refused', reason: 'conflict' });
    return new SessionConflictError();
  }

  private async saveMerged(state: SessionState, mine: JsonData, text: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_SAVE_ATTEMPTS; attempt++) {
      const data = state.stored ? this.merge(state, mine, state.stored) : mine;
      if (await this.write(state, data)) {
        state.seen = { text, data: mine };
        state.stored = data === mine ? undefined : data;
        return;
      }
    }
    throw this.conflict();
  }

  /** One compare-and-set. @returns false when another request was faster; the state then holds what that one stored */
  private async write(state: SessionState, data: JsonData): Promise<boolean> {
    const { revision } = state.header;
    const header = { ...state.header, revision: revision + 1 };
    const record = encodeRecord(header, this.bodyOf(state.meta, data));
    const reply = await this.repository.save(state.at, revision, record, this.idleTimeoutMs(state, data));
    switch (reply.outcome) {
      case 'ok':
        state.header = { ...header, touchedMs: reply.nowMs };
        return true;
      case 'conflict':
        this.adopt(state, reply.raw);
        return false;
      case 'moved':
        this.options.observer?.onSessionEvent({ type: 'refused', reason: 'moved' });
        throw new SessionMovedError();
      case 'gone':
        throw this.gone();
    }
  }

  private ignore(reason: 'corrupt' | 'mismatch'): null {
    this.options.observer?.onSessionEvent({ type: 'ignored', reason });
    return null;
  }
}

function overlay(snapshot: SessionPrincipal, live: string | null): SessionPrincipal {
  if (live === null) return snapshot;
  const { roles, email, displayName, disabled } = JSON.parse(live) as SessionPrincipal;
  return { ...snapshot, roles, email, displayName, disabled };
}
