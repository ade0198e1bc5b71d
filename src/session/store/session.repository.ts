import type { EndCause, LimitPolicy, Revocation } from '../session.types.js';
import type { SessionAddress } from '../token/session-id.js';
import { readKeys } from './moving-slots.js';
import { isWrongType, LONGEST_LOGIN_MS, type RedisAccess, wholeMs } from './redis-access.js';
import { generationOf, revisionDigits } from './session-record.js';

// A browser sends the new id from the answer that brought it on; this is for what it had sent before.
const MOVED_FOR_MS = 60_000;

export type CreateReply =
  | { outcome: 'ok'; generation: number; nowMs: number; evicted: number; durable?: boolean }
  | { outcome: 'stale' | 'exists' | 'taken' | 'limit' };
export type SaveReply =
  { outcome: 'ok'; nowMs: number } | { outcome: 'conflict'; raw: string } | { outcome: 'gone' | 'moved' };
export type RotateReply =
  | {
      outcome: 'ok';
      generation: number;
      nowMs: number;
      createdMs: number;
      absoluteExpiryMs: number;
      ended: number;
      trash: string;
      durable?: boolean;
    }
  | { outcome: 'conflict'; raw: string }
  | { outcome: 'gone' };

/**
 * Every Redis call about one session. Commands per operation, each one round trip:
 *
 *   load     MGET record generation principal (user) | GET record (anonymous)
 *   create   EVALSHA create-session | create-anonymous-session
 *   save, touch, destroy, rotate, take, return    EVALSHA
 *
 * @throws SessionStoreUnavailableError from every method when Redis does not answer or refuses
 */
export class SessionRepository {
  constructor(private readonly redis: RedisAccess) {}

  async load(
    at: SessionAddress,
  ): Promise<{ raw: string | null; generation: number; principal: string | null }> {
    const key = this.redis.keys.session(at.tag, at.digest);
    this.redis.demandCurrent(key);
    if (!at.ofUser) {
      const found = readKeys(this.redis.client, [key]).then(([raw = null]) => raw);
      return { raw: await this.redis.ask('load', found.catch(noText)), generation: 0, principal: null };
    }
    // In this order: a session that was read before its generation cannot have been revoked in between unnoticed.
    const [raw, generation, principal] = await this.redis.read(
      'load',
      key,
      this.redis.keys.generation(at.tag),
      this.redis.keys.principal(at.tag),
    );
    return { raw: raw ?? null, generation: generationOf(generation), principal: principal ?? null };
  }

  /**
   * @param options.replaces digest of a session that ends with it, and `cause` why
   * @param options.moved the client gets the new id in place of the one that is replaced
   * @param options.takeoverTtlMs the session takes another system's over; how long that is remembered, ms
   */
  async create(
    at: SessionAddress,
    body: string,
    limits: {
      idleTimeoutMs: number;
      absoluteTimeoutMs: number;
      maxSessions: number;
      limitPolicy: LimitPolicy;
    },
    options: {
      generation?: number;
      replaces?: string;
      cause?: EndCause;
      moved?: boolean;
      takeoverTtlMs?: number;
    } = {},
  ): Promise<CreateReply> {
    this.redis.demandCurrent(this.redis.keys.session(at.tag, at.digest));
    const idle = wholeMs(limits.idleTimeoutMs);
    const absolute = wholeMs(limits.absoluteTimeoutMs);
    const { takeoverTtlMs } = options;
    const marker =
      takeoverTtlMs === undefined
        ? ['', '']
        : [this.redis.keys.takenOver(at.tag, at.digest), wholeMs(takeoverTtlMs)];
    const { reply, durable } = await this.askToCreate(at, options.replaces !== undefined, [
      ...(at.ofUser
        ? [
            at.digest,
            body,
            idle,
            absolute,
            options.generation ?? '',
            limits.maxSessions,
            limits.limitPolicy,
            this.redis.generationTtlMs,
            this.redis.keys.sessions(at.tag),
            options.replaces ?? '',
          ]
        : [body, idle, absolute]),
      ...marker,
      ...(at.ofUser
        ? [
            options.cause ?? 'unknown',
            ...this.markOf(options.moved ? { ...at, digest: options.replaces ?? '' } : undefined),
          ]
        : []),
    ]);
    if (reply[0] !== 'OK')
      return { outcome: reply[0].toLowerCase() as 'stale' | 'exists' | 'taken' | 'limit' };
    if (options.replaces !== undefined) await this.noteEnd(at.tag, options.replaces);
    const nowMs = this.redis.observe(reply[2]);
    this.redis.reportUnreadable(at.tag, reply[4] ?? []);
    this.redis.reportPruned(reply[5]);
    return {
      outcome: 'ok',
      generation: Number(reply[1]),
      nowMs,
      evicted: (reply[3] as string[] | undefined)?.length ?? 0,
      durable,
    };
  }

  /** A login that ends another session by name is a revocation as well. */
  private async askToCreate(
    at: SessionAddress,
    ends: boolean,
    args: (string | number)[],
  ): Promise<{ reply: [string, ...unknown[]]; durable?: boolean }> {
    if (!at.ofUser) {
      const record = this.redis.keys.session(at.tag, at.digest);
      const reply = await this.redis.ask('create', this.redis.client.lkCreateAnonymous(record, ...args));
      return { reply: reply as [string, ...unknown[]] };
    }
    if (ends) return this.redis.revoke('create', 'lkCreate', this.keysOf(at), args);
    const reply = await this.redis.ask('create', this.redis.client.lkCreate(...this.keysOf(at), ...args));
    return { reply: reply as [string, ...unknown[]] };
  }

  async save(
    at: SessionAddress,
    revision: number,
    record: string,
    idleTimeoutMs: number,
  ): Promise<SaveReply> {
    const reply = (await this.redis.ask(
      'save',
      this.redis.client.lkSave(
        ...this.keysOf(at),
        at.digest,
        revisionDigits(revision),
        record,
        wholeMs(idleTimeoutMs),
        flag(at.ofUser),
      ),
    )) as [string, ...unknown[]];
    if (reply[0] === 'OK') {
      this.redis.reportPruned(reply[2]);
      return { outcome: 'ok', nowMs: this.redis.observe(reply[1]) };
    }
    if (reply[0] === 'CONFLICT') return { outcome: 'conflict', raw: String(reply[1]) };
    return { outcome: reply[0] === 'MOVED' ? 'moved' : 'gone' };
  }

  /** @returns the last touch, ms, or undefined when the session is gone */
  async touch(at: SessionAddress, idleTimeoutMs: number, intervalMs: number): Promise<number | undefined> {
    const reply = (await this.redis.ask(
      'touch',
      this.redis.client.lkTouch(
        ...this.keysOf(at),
        at.digest,
        wholeMs(idleTimeoutMs),
        intervalMs,
        flag(at.ofUser),
      ),
    )) as [string, ...unknown[]];
    if (reply[0] === 'GONE') return undefined;
    const nowMs = this.redis.observe(reply[1]);
    if (reply[0] === 'NOOP') return Number(reply[2]);
    this.redis.reportPruned(reply[2]);
    return nowMs;
  }

  /**
   * Ends a session. `revoked` is 1 when it was live until now, else 0.
   * @param options.moved the client gets another id in place of this one
   */
  async end(at: SessionAddress, cause: EndCause = 'unknown', { moved = false } = {}): Promise<Revocation> {
    const args = [at.digest, flag(at.ofUser), cause, ...this.markOf(moved ? at : undefined)];
    const { reply, durable } = await this.redis.revoke<number>('destroy', 'lkDestroy', this.keysOf(at), args);
    if (at.ofUser) await this.noteEnd(at.tag, at.digest);
    return { revoked: reply, durable };
  }

  /** @returns whether the session was live until now */
  async destroy(at: SessionAddress, cause: EndCause = 'unknown'): Promise<boolean> {
    return (await this.end(at, cause)).revoked > 0;
  }

  /** Whether the client of a session that is gone was given another id a short while ago. One command. */
  async hasMoved(at: SessionAddress): Promise<boolean> {
    const [mark] = await this.redis.read('load', this.redis.keys.moved(at.tag, at.digest));
    return mark !== null;
  }

  /** Both addresses must have the same tag. `ended` counts the other sessions that were ended, `trash` is left to sweep. */
  async rotate(
    from: SessionAddress,
    to: SessionAddress,
    revision: number,
    body: string,
    limits: { idleTimeoutMs: number; absoluteTimeoutMs: number },
    endOthers: boolean,
  ): Promise<RotateReply> {
    // What is to follow may be a session that this Redis has brought back.
    this.redis.demandCurrent(this.redis.keys.session(from.tag, from.digest));
    const { reply, durable } = await this.redis.revoke<[string, ...unknown[]]>(
      'rotate',
      'lkRotate',
      [
        this.redis.keys.session(from.tag, from.digest),
        this.redis.keys.session(to.tag, to.digest),
        this.redis.keys.index(from.tag),
        this.redis.keys.generation(from.tag),
      ],
      [
        from.digest,
        to.digest,
        revisionDigits(revision),
        body,
        wholeMs(limits.idleTimeoutMs),
        wholeMs(limits.absoluteTimeoutMs),
        flag(endOthers),
        this.redis.generationTtlMs,
        ...this.markOf(from),
      ],
    );
    if (reply[0] === 'CONFLICT') return { outcome: 'conflict', raw: String(reply[1]) };
    if (reply[0] !== 'OK') return { outcome: 'gone' };
    const generation = Number(reply[1]);
    const { generationTtlMs: forMs } = this.redis;
    if (endOthers)
      await this.redis.onRevoked?.({ kind: 'all', tag: to.tag, generation, keep: to.digest, forMs });
    else await this.noteEnd(from.tag, from.digest);
    return {
      outcome: 'ok',
      generation,
      nowMs: this.redis.observe(reply[2]),
      createdMs: Number(reply[3]),
      absoluteExpiryMs: Number(reply[4]),
      ended: Number(reply[5]),
      trash: String(reply[6]),
      durable,
    };
  }

  /** Takes an anonymous session over; a later save of it is refused. Null when there is none. */
  async takeAnonymous(at: SessionAddress): Promise<string | null> {
    return (await this.redis.ask(
      'take',
      this.redis.client.lkTakeAnonymous(this.redis.keys.session(at.tag, at.digest), LONGEST_LOGIN_MS),
    )) as string | null;
  }

  /** Gives back what a failed login took. */
  async returnAnonymous(at: SessionAddress, idleTimeoutMs: number): Promise<void> {
    await this.redis.ask(
      'take',
      this.redis.client.lkReturnAnonymous(this.redis.keys.session(at.tag, at.digest), wholeMs(idleTimeoutMs)),
    );
  }

  private async noteEnd(tag: string, digest: string): Promise<void> {
    await this.redis.onRevoked?.({ kind: 'one', tag, digest, forMs: this.redis.generationTtlMs });
  }

  private markOf(moved: SessionAddress | undefined): [string, number | ''] {
    return moved ? [this.redis.keys.moved(moved.tag, moved.digest), MOVED_FOR_MS] : ['', ''];
  }

  private keysOf(at: SessionAddress): [string, string, string] {
    return [
      this.redis.keys.session(at.tag, at.digest),
      this.redis.keys.index(at.tag),
      this.redis.keys.generation(at.tag),
    ];
  }
}

// Of a user's session MGET says that there is none; for an anonymous one it is an error, which would be an outage.
export function noText(error: unknown): string {
  if (isWrongType(error)) return '';
  throw error;
}

const flag = (value: boolean) => (value ? '1' : '0');
