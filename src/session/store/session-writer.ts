import { setTimeout } from 'node:timers/promises';
import {
  SessionConflictError,
  SessionEndedError,
  SessionMovedError,
  SessionUserMismatchError,
} from '../session.errors.js';
import type { SessionMeta, SessionObserver, SessionPrincipal } from '../session.types.js';
import type { JsonData, Serializer, SessionCodec } from './session-codec.js';
import { mergeSessionData } from './session-merge.js';
import { SessionQueue } from './session-queue.js';
import { encodeRecord } from './session-record.js';
import type { SessionState } from './session-state.js';
import type { SessionRepository } from './session.repository.js';

// Each attempt brings in what it lost to; this many losses in a row mean that something else is wrong.
const MAX_SAVE_ATTEMPTS = 32;
// Nodes can fall into a lock-step in which one of them loses every time. Whoever has lost this often waits for a moment
// of his own choosing and starts from what is stored then.
const HASTY_ATTEMPTS = 3;
const LONGEST_WAIT_MS = 20;

/** What saving needs to know of the sessions it saves. */
export interface SaveContext {
  readonly codec: SessionCodec;
  readonly repository: SessionRepository;
  readonly options: {
    serializer: Serializer;
    protectedKeys: readonly string[];
    userOf: (data: JsonData) => SessionPrincipal | undefined;
    observer?: SessionObserver;
  };
  bodyOf(meta: SessionMeta | undefined, data: JsonData): string;
  idleTimeoutMs(state: Pick<SessionState, 'meta'>, data: JsonData): number;
}

/** Saves sessions by compare-and-set, bringing concurrent changes together. */
export class SessionWriter {
  private readonly queue = new SessionQueue();

  constructor(private readonly engine: SaveContext) {}

  /**
   * Saves what changed since the session was read. No command when nothing did.
   * @param policy 'strict' refuses where 'merge' brings changes together
   * @returns whether there was anything to save
   * @throws SessionEndedError, SessionMovedError, SessionConflictError, SessionTooLargeError, SessionUserMismatchError,
   *   SessionStoreUnavailableError
   */
  async save(state: SessionState, mine: JsonData, policy: 'merge' | 'strict' = 'merge'): Promise<boolean> {
    const text = this.engine.codec.text(mine);
    if (text === state.seen.text) return false;
    const user = this.engine.options.userOf(mine);
    if (user && user.id !== state.principal?.id) throw new SessionUserMismatchError();
    // A copy: the request goes on changing its own object.
    const wanted = this.engine.options.serializer.parse(text) as JsonData;
    await this.queue.run(state.at.digest, () => this.saveMerged(state, wanted, text, policy));
    return true;
  }

  /** Writes a whole session over whatever is stored by now; the last writer wins. */
  async overwrite(state: SessionState, data: JsonData, idleTimeoutMs: number): Promise<void> {
    await this.queue.run(state.at.digest, async () => {
      for (let attempt = 0; attempt < MAX_SAVE_ATTEMPTS; attempt++) {
        if (attempt >= HASTY_ATTEMPTS) await this.stepAside(state);
        if (!(await this.write(state, data, idleTimeoutMs))) continue;
        state.seen = { text: this.engine.codec.text(data), data };
        state.stored = undefined;
        return;
      }
      throw this.conflict();
    });
  }

  /** Re-runs `change` on the stored data until it lands; loses no update. */
  async update(state: SessionState, change: (data: JsonData) => unknown): Promise<void> {
    await this.queue.run(state.at.digest, async () => {
      for (let attempt = 0; attempt < MAX_SAVE_ATTEMPTS; attempt++) {
        if (attempt >= HASTY_ATTEMPTS) await this.stepAside(state);
        const stored = state.stored ?? state.seen.data;
        const draft = structuredClone(stored);
        const untouchable = ['cookie', ...this.engine.options.protectedKeys];
        for (const key of untouchable) delete draft[key];
        await change(draft);
        // What the store itself keeps, such as when the user proved presence, is not the change's to write either.
        const data = this.engine.codec.dataOf(draft);
        for (const key of untouchable) {
          if (stored[key] === undefined) delete data[key];
          else data[key] = stored[key];
        }
        if (await this.write(state, data)) {
          state.seen = { text: this.engine.codec.text(data), data };
          state.stored = undefined;
          return;
        }
      }
      throw this.conflict();
    });
  }

  /** Merges `mine`, made from what this request saw, with what a conflict showed to be stored. */
  merge(state: SessionState, mine: JsonData, theirs: JsonData): JsonData {
    let conflicts = 0;
    const merged = mergeSessionData(
      state.seen.data,
      mine,
      theirs,
      this.engine.options.protectedKeys,
      () => conflicts++,
    );
    this.engine.options.observer?.onSessionEvent({ type: 'merged', conflicts });
    return merged;
  }

  /**
   * Takes over what a conflict showed to be stored.
   * @throws SessionEndedError when that is no longer this session
   * @throws SessionMovedError when a login has taken it over
   */
  adopt(state: SessionState, raw: string): JsonData {
    const present = this.engine.codec.decode(raw);
    if (present === 'moved') throw this.moved();
    if (typeof present === 'string') throw this.gone();
    state.header = present.header;
    state.stored = present.data;
    return present.data;
  }

  /** The error of a save whose session has ended; counted. */
  gone(): SessionEndedError {
    this.engine.options.observer?.onSessionEvent({ type: 'refused', reason: 'gone' });
    return new SessionEndedError();
  }

  /** The error of a save whose session a login has taken over; counted. */
  moved(): SessionMovedError {
    this.engine.options.observer?.onSessionEvent({ type: 'refused', reason: 'moved' });
    return new SessionMovedError();
  }

  private conflict(): SessionConflictError {
    this.engine.options.observer?.onSessionEvent({ type: 'refused', reason: 'conflict' });
    return new SessionConflictError();
  }

  private async saveMerged(
    state: SessionState,
    mine: JsonData,
    text: string,
    policy: 'merge' | 'strict',
  ): Promise<void> {
    for (let attempt = 0; attempt < MAX_SAVE_ATTEMPTS; attempt++) {
      if (attempt >= HASTY_ATTEMPTS) await this.stepAside(state);
      const data = state.stored ? this.merge(state, mine, state.stored) : mine;
      if (await this.write(state, data)) {
        state.seen = { text, data: mine };
        state.stored = data === mine ? undefined : data;
        return;
      }
      if (policy === 'strict') break;
    }
    throw this.conflict();
  }

  private async stepAside(state: SessionState): Promise<void> {
    await setTimeout(Math.random() * LONGEST_WAIT_MS);
    const { raw, generation } = await this.engine.repository.load(state.at);
    if (raw === null) throw this.gone();
    this.adopt(state, raw);
    // Not `<`: what is no number must not be passed over.
    if (state.at.ofUser && !(state.header.generation >= generation)) throw this.gone();
  }

  /** One compare-and-set. @returns false when another request was faster; the state then holds what that one stored */
  private async write(
    state: SessionState,
    data: JsonData,
    idleTimeoutMs = this.engine.idleTimeoutMs(state, data),
  ): Promise<boolean> {
    const { revision } = state.header;
    const header = { ...state.header, revision: revision + 1 };
    const record = encodeRecord(header, this.engine.bodyOf(state.meta, data));
    const reply = await this.engine.repository.save(state.at, revision, record, idleTimeoutMs);
    switch (reply.outcome) {
      case 'ok':
        state.header = { ...header, touchedMs: reply.nowMs };
        return true;
      case 'conflict':
        this.adopt(state, reply.raw);
        return false;
      case 'moved':
        throw this.moved();
      case 'gone':
        this.engine.options.observer?.onSessionEvent({ type: 'resurrection-prevented', operation: 'save' });
        throw this.gone();
    }
  }
}
