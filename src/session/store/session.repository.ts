import type { Cluster, Redis } from 'ioredis';
import { SessionStoreUnavailableError } from '../session.errors.js';
import type { LimitPolicy, SessionObserver } from '../session.types.js';
import type { SessionAddress } from '../token/session-id.js';
import { RedisClock } from './redis-clock.js';
import { type ScriptClient, withScripts } from './scripts.js';
import { SessionKeys } from './session-keys.js';
import { revisionDigits } from './session-record.js';

// Records that a revoke-all deletes itself, and that one sweep deletes: about a third of a millisecond of Redis.
const SWEEP_CHUNK = 200;
const LIST_CHUNK = 200;
// A ticket is good for as long as a login may take; the generation outlives it.
export const LONGEST_LOGIN_MS = 15 * 60_000;
const MOVED_MARK_MS = LONGEST_LOGIN_MS;

export type CreateReply =
  | { outcome: 'ok'; generation: number; nowMs: number; evicted: number }
  | { outcome: 'stale' | 'exists' | 'limit' };
export type SaveReply = { outcome: 'ok'; nowMs: number } | { outcome: 'conflict'; raw: string } | { outcome: 'gone' | 'moved' };
export type RotateReply =
  | { outcome: 'ok'; generation: number; nowMs: number; createdMs: number; absoluteExpiryMs: number; ended: number }
  | { outcome: 'conflict'; raw: string }
  | { outcome: 'gone' };

/**
 * Every Redis call about single users' sessions. Commands per operation, each one round trip:
 *
 *   load        MGET record generation principal (user) | GET record (anonymous)
 *   ticket      MGET generation, GET epoch (one pipeline)
 *   create      EVALSHA create-session | create-anonymous-session
 *   save, touch, destroy, rotate, take, return, set principal    EVALSHA
 *   revoke all  EVALSHA per index key, then sweeps of 200 records in the background
 *   list        EVALSHA per index key and 200 sessions
 *
 * @throws SessionStoreUnavailableError from every method when Redis does not answer or refuses
 */
export class SessionRepository {
  readonly keys: SessionKeys;
  readonly clock: RedisClock;
  private readonly client: ScriptClient;
  private readonly sweeps = new Set<Promise<void>>();
  private closed = false;

  /** @param longestAbsoluteMs the longest absolute timeout of any session, ms */
  constructor(
    client: Redis | Cluster,
    prefix: string,
    private readonly longestAbsoluteMs: number,
    private readonly observer?: SessionObserver,
  ) {
    this.client = withScripts(client);
    this.keys = new SessionKeys(prefix);
    this.clock = new RedisClock(client);
  }

  async load(at: SessionAddress): Promise<{ raw: string | null; generation: number; principal: string | null }> {
    const key = this.keys.session(at.tag, at.digest);
    if (!at.ofUser) return { raw: await this.ask('load', this.client.get(key)), generation: 0, principal: null };
    const [raw, generation, principal] = await this.ask(
      'load',
      this.client.mget(key, this.keys.generation(at.tag), this.keys.principal(at.tag)),
    );
    return { raw: raw ?? null, generation: Number(generation ?? 0), principal: principal ?? null };
  }

  /** The generation and the epoch a login starts from. */
  async ticket(tag: string): Promise<{ generation: number; epoch: string }> {
    const [generation, epoch] = await this.ask(
      'ticket',
      Promise.all([this.client.get(this.keys.generation(tag)), this.client.get(this.keys.epoch())]),
    );
    return { generation: Number(generation ?? 0), epoch: epoch ?? '0' };
  }

  async epoch(): Promise<string> {
    return (await this.ask('epoch', this.client.get(this.keys.epoch()))) ?? '0';
  }

  async create(
    at: SessionAddress,
    body: string,
    limits: { idleTimeoutMs: number; absoluteTimeoutMs: number; maxSessions: number; limitPolicy: LimitPolicy },
    options: { generation?: number; replaces?: string } = {},
  ): Promise<CreateReply> {
    const idle = wholeMs(limits.idleTimeoutMs);
    const absolute = wholeMs(limits.absoluteTimeoutMs);
    const record = this.keys.session(at.tag, at.digest);
    const reply = (await this.ask(
      'create',
      at.ofUser
        ? this.client.lkCreate(
            record,
            this.keys.index(at.tag),
            this.keys.generation(at.tag),
            at.digest,
            body,
            idle,
            absolute,
            options.generation ?? '',
            limits.maxSessions,
            limits.limitPolicy,
            this.generationTtlMs,
            this.keys.sessions(at.tag),
            options.replaces ?? '',
          )
        : this.client.lkCreateAnonymous(record, body, idle, absolute),
    )) as [string, ...unknown[]];
    if (reply[0] !== 'OK') return { outcome: reply[0].toLowerCase() as 'stale' | 'exists' | 'limit' };
    const nowMs = this.observe(reply[2]);
    return { outcome: 'ok', generation: Number(reply[1]), nowMs, evicted: (reply[3] as string[] | undefined)?.length ?? 0 };
  }

  async save(at: SessionAddress, revision: number, record: string, idleTimeoutMs: number): Promise<SaveReply> {
    const reply = (await this.ask(
      'save',
      this.client.lkSave(...this.keysOf(at), at.digest, revisionDigits(revision), record, wholeMs(idleTimeoutMs), flag(at.ofUser)),
    )) as [string, ...unknown[]];
    if (reply[0] === 'OK') return { outcome: 'ok', nowMs: this.observe(reply[1]) };
    if (reply[0] === 'CONFLICT') return { outcome: 'conflict', raw: String(reply[1]) };
    return { outcome: reply[0] === 'MOVED' ? 'moved' : 'gone' };
  }

  /** @returns the last touch, ms, or undefined when the session is gone */
  async touch(at: SessionAddress, idleTimeoutMs: number, intervalMs: number): Promise<number | undefined> {
    const reply = (await this.ask(
      'touch',
      this.client.lkTouch(...this.keysOf(at), at.digest, wholeMs(idleTimeoutMs), intervalMs, flag(at.ofUser)),
    )) as [string, ...unknown[]];
    if (reply[0] === 'GONE') return undefined;
    const nowMs = this.observe(reply[1]);
    return reply[0] === 'OK' ? nowMs : Number(reply[2]);
  }

  /** @returns whether the session was live until now */
  async destroy(at: SessionAddress): Promise<boolean> {
    return (await this.ask('destroy', this.client.lkDestroy(...this.keysOf(at), at.digest, flag(at.ofUser)))) === 1;
  }

  /** Both addresses must have the same tag. `ended` counts the other sessions that were ended. */
  async rotate(
    from: SessionAddress,
    to: SessionAddress,
    revision: number,
    body: string,
    limits: { idleTimeoutMs: number; absoluteTimeoutMs: number },
    endOthers: boolean,
  ): Promise<RotateReply> {
    const reply = (await this.ask(
      'rotate',
      this.client.lkRotate(
        this.keys.session(from.tag, from.digest),
        this.keys.session(to.tag, to.digest),
        this.keys.index(from.tag),
        this.keys.generation(from.tag),
        from.digest,
        to.digest,
        revisionDigits(revision),
        body,
        wholeMs(limits.idleTimeoutMs),
        wholeMs(limits.absoluteTimeoutMs),
        flag(endOthers),
        this.generationTtlMs,
      ),
    )) as [string, ...unknown[]];
    if (reply[0] === 'CONFLICT') return { outcome: 'conflict', raw: String(reply[1]) };
    if (reply[0] !== 'OK') return { outcome: 'gone' };
    this.sweepInBackground(from.tag, String(reply[6]));
    return {
      outcome: 'ok',
      generation: Number(reply[1]),
      nowMs: this.observe(reply[2]),
      createdMs: Number(reply[3]),
      absoluteExpiryMs: Number(reply[4]),
      ended: Number(reply[5]),
    };
  }

  /**
   * Ends all sessions under one tag.
   * @param decidedMs for a replay: when the revocation was decided; younger sessions are spared
   * @returns how many were live
   */
  async revokeAll(tag: string, options: { keep?: string; decidedMs?: number } = {}): Promise<number> {
    const [, ended, trash] = (await this.ask(
      'revoke-all',
      this.client.lkRevokeAll(
        this.keys.index(tag),
        this.keys.generation(tag),
        this.keys.sessions(tag),
        options.keep ?? '',
        this.generationTtlMs,
        SWEEP_CHUNK,
        options.decidedMs === undefined ? '' : Math.floor(options.decidedMs),
      ),
    )) as [number, number, string];
    this.sweepInBackground(tag, trash);
    return ended;
  }

  /** Every live session under one tag: its digest and its record. */
  async list(tag: string): Promise<{ digest: string; raw: string }[]> {
    const found: { digest: string; raw: string }[] = [];
    for (let offset = 0; ; ) {
      const [now, , read, kept, live] = (await this.ask(
        'list',
        this.client.lkList(this.keys.index(tag), this.keys.generation(tag), this.keys.sessions(tag), offset, LIST_CHUNK),
      )) as [number, number, number, number, string[]];
      this.observe(now);
      for (let i = 0; i < live.length; i += 2) found.push({ digest: live[i] as string, raw: live[i + 1] as string });
      if (read < LIST_CHUNK) return found;
      // What was dead is out of the index now, so the next chunk begins behind what was kept.
      offset += kept;
    }
  }

  /** Digests in a user's index, live or not. */
  async indexed(tag: string): Promise<string[]> {
    return this.ask('list', this.client.zrange(this.keys.index(tag), '0', '-1'));
  }

  /** Takes an anonymous session over; a later save of it is refused. Null when there is none. */
  async takeAnonymous(at: SessionAddress): Promise<string | null> {
    return (await this.ask(
      'take',
      this.client.lkTakeAnonymous(this.keys.session(at.tag, at.digest), MOVED_MARK_MS),
    )) as string | null;
  }

  /** Gives back what a failed login took. */
  async returnAnonymous(at: SessionAddress, idleTimeoutMs: number): Promise<void> {
    await this.ask('take', this.client.lkReturnAnonymous(this.keys.session(at.tag, at.digest), wholeMs(idleTimeoutMs)));
  }

  /** @returns whether it was news; an equal or younger version stays */
  async setPrincipal(tag: string, principal: object, version: number): Promise<boolean> {
    // The script finds the version by its place, without decoding the JSON.
    const json = JSON.stringify({ v: version, ...principal });
    const reply = this.client.lkSetPrincipal(this.keys.principal(tag), version, json, this.generationTtlMs);
    return (await this.ask('set-principal', reply)) === 1;
  }

  /** Waits for the sweeps under way; later ones are left to the TTL of what they would delete. */
  async close(): Promise<void> {
    this.closed = true;
    this.clock.stop();
    await Promise.all(this.sweeps);
  }

  /** A generation must outlive every session and every login it speaks about (design of the ticket: no ABA by expiry). */
  private get generationTtlMs(): number {
    return this.longestAbsoluteMs + LONGEST_LOGIN_MS;
  }

  private keysOf(at: SessionAddress): [string, string, string] {
    return [this.keys.session(at.tag, at.digest), this.keys.index(at.tag), this.keys.generation(at.tag)];
  }

  private observe(nowMs: unknown): number {
    const now = Number(nowMs);
    this.clock.observe(now);
    return now;
  }

  private sweepInBackground(tag: string, trash: string): void {
    if (trash === '') return;
    const sweep = this.sweep(tag, trash)
      // The sessions are dead already and the trash has a TTL: an outage here costs memory for a while, nothing else.
      .catch(() => undefined)
      .finally(() => this.sweeps.delete(sweep));
    this.sweeps.add(sweep);
  }

  private async sweep(tag: string, trash: string): Promise<void> {
    let left = 1;
    while (left > 0 && !this.closed) {
      left = (await this.ask('sweep', this.client.lkSweep(trash, this.keys.sessions(tag), SWEEP_CHUNK))) as number;
    }
  }

  private async ask<T>(operation: string, reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (cause) {
      this.observer?.onSessionEvent({ type: 'store-failed', operation });
      throw new SessionStoreUnavailableError({ cause });
    }
  }
}

const flag = (value: boolean) => (value ? '1' : '0');

// A fraction or NaN would fail the script at PX, after a part of it may have run.
function wholeMs(value: number): number {
  if (!Number.isFinite(value)) throw new TypeError('A session timeout must be a finite number of milliseconds.');
  return Math.max(1, Math.floor(value));
}
