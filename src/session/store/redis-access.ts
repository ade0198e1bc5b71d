import type { Cluster, Redis } from 'ioredis';
import { type Durability, resolveDurability } from '../durability/durability.options.js';
import type { JournalEntry } from '../durability/revocation-journal.js';
import { type Outcome, RevocationChannel } from '../durability/revocation-channel.js';
import { SessionStoreUnavailableError } from '../session.errors.js';
import type { SessionObserver, StoreOperation } from '../session.types.js';
import type { SessionAddress } from '../token/session-id.js';
import { Breaker } from './breaker.js';
import { readKeys } from './moving-slots.js';
import { RedisClock } from './redis-clock.js';
import { type ScriptClient, type ScriptName, withScripts } from './scripts.js';
import { SessionKeys } from './session-keys.js';

/** A ticket is good for as long as a login may take; the generation outlives it. */
export const LONGEST_LOGIN_MS = 15 * 60_000;

/** What the repositories share: the client with its scripts, the key names, Redis's clock. */
export class RedisAccess {
  /** The client, whatever is known of Redis: for what is not a command. */
  readonly ungated: ScriptClient;
  readonly keys: SessionKeys;
  readonly clock: RedisClock;
  /** Where commands that end sessions go. */
  readonly revocations: RevocationChannel;
  /** A generation must outlive every session and every login it speaks about, or it would let them pass again. */
  readonly generationTtlMs: number;
  /** Hears of records that a script came upon and could not read. */
  onUnreadable: (at: SessionAddress) => void = () => undefined;
  /** Hears of every revocation before it is answered. Must not reject. */
  onRevoked: ((entry: JournalEntry) => Promise<void>) | undefined;
  /** Whether Redis, all of it, has every revocation that was answered, as far as this node can know. */
  isCurrent = true;
  /** The same of the server that a key lies on; asked when it is not so of all. */
  isCurrentAt: (key: string) => boolean = () => false;
  private readonly breaker: Breaker;

  /** @param longestAbsoluteMs the longest absolute timeout of any session, ms */
  constructor(
    client: Redis | Cluster,
    prefix: string,
    longestAbsoluteMs: number,
    private readonly observer?: SessionObserver,
    durability: Durability = resolveDurability(),
  ) {
    this.ungated = withScripts(client);
    this.breaker = Breaker.of(client);
    if (observer) this.breaker.onState((state) => observer.onSessionEvent({ type: 'breaker', state }));
    this.revocations = new RevocationChannel(this.ungated, durability);
    this.keys = new SessionKeys(prefix);
    this.clock = new RedisClock(client);
    this.generationTtlMs = wholeMs(longestAbsoluteMs + LONGEST_LOGIN_MS);
  }

  /** For commands. @throws SessionStoreUnavailableError at once, while Redis is known not to answer */
  get client(): ScriptClient {
    this.breaker.admit();
    return this.ungated;
  }

  /** Waits for a reply. @throws SessionStoreUnavailableError when Redis does not answer or refuses */
  async ask<T>(operation: StoreOperation, reply: Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      const value = await reply;
      this.breaker.succeeded();
      return value;
    } catch (cause) {
      this.breaker.failed(cause);
      this.observer?.onSessionEvent({ type: 'store-failed', operation });
      throw new SessionStoreUnavailableError({ cause });
    } finally {
      this.observer?.onStoreCommand?.(operation, performance.now() - startMs);
    }
  }

  /**
   * Runs a script that ends sessions, and waits for the replicas where that is asked for.
   * @param keys of one slot
   * @throws SessionStoreUnavailableError
   */
  async revoke<T>(
    operation: StoreOperation,
    script: ScriptName,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Outcome & { reply: T }> {
    this.breaker.admit();
    const startMs = performance.now();
    const outcome = await this.ask(operation, this.revocations.run(script, keys, args));
    const { durable } = outcome;
    const reason = durable === undefined ? 'local' : durable ? 'durable' : 'unconfirmed';
    this.observer?.onSessionEvent({ type: 'revocation', reason, durationMs: performance.now() - startMs });
    return outcome as Outcome & { reply: T };
  }

  /** Reads keys of one slot with one command, see `readKeys`. @throws SessionStoreUnavailableError */
  async read(operation: StoreOperation, ...keys: string[]): Promise<(string | null)[]> {
    return this.ask(operation, readKeys(this.client, keys));
  }

  /**
   * To be called before a session, or what decides about sessions, is read.
   * @throws SessionStoreUnavailableError while revocations are being repeated on the server of that key
   */
  demandCurrent(key: string): void {
    if (this.isCurrent || this.isCurrentAt(key)) return;
    throw new SessionStoreUnavailableError({ cause: new Error('Revocations are being repeated.') });
  }

  /** Says how many dead members a script has taken out of an index. */
  reportPruned(count: unknown): void {
    if (Number(count) > 0) this.observer?.onSessionEvent({ type: 'pruned', count: Number(count) });
  }

  /** Passes on the digests of one user's records that a script could not read. */
  reportUnreadable(tag: string, digests: unknown): void {
    for (const digest of digests as string[]) this.onUnreadable({ tag, digest, ofUser: true });
  }

  /** Learns Redis's time from a reply that carries it. */
  observe(nowMs: unknown): number {
    const now = Number(nowMs);
    this.clock.observe(now);
    return now;
  }
}

/** Whether Redis refused a command because its key holds another type of value. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

/** Milliseconds as a script takes them. A fraction or NaN would fail it at PX, after a part of it may have run. */
export function wholeMs(value: number): number {
  if (!Number.isFinite(value))
    throw new TypeError('A session timeout must be a finite number of milliseconds.');
  return Math.max(1, Math.floor(value));
}
