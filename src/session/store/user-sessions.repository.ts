import type { EndCause, Revocation } from '../session.types.js';
import { type RedisAccess } from './redis-access.js';

// Records that a revoke-all deletes itself, and that one sweep deletes: well under a millisecond of Redis.
const SWEEP_CHUNK = 100;
const LIST_CHUNK = 100;

/**
 * Every Redis call about all sessions of one user, by the user's tag. Commands per operation, each one round trip:
 *
 *   ticket          GET generation, GET epoch (pipelined)
 *   revoke all      EVALSHA, then sweeps of 100 records in the background
 *   list            EVALSHA per 100 sessions
 *   indexed, find   ZSCAN per 100 sessions
 *   set principal   EVALSHA
 *
 * @throws SessionStoreUnavailableError from every method when Redis does not answer or refuses
 */
export class UserSessionsRepository {
  private readonly sweeps = new Set<Promise<void>>();
  private closed = false;

  constructor(private readonly redis: RedisAccess) {}

  /** The generation and the epoch a login starts from. */
  async ticket(tag: string): Promise<{ generation: number; epoch: string }> {
    this.redis.demandCurrent(this.redis.keys.generation(tag));
    this.redis.demandCurrent(this.redis.keys.epoch());
    const [[generation], [epoch]] = await Promise.all([
      this.redis.read('ticket', this.redis.keys.generation(tag)),
      this.redis.read('ticket', this.redis.keys.epoch()),
    ]);
    return { generation: Number(generation ?? 0), epoch: epoch ?? '0' };
  }

  /**
   * Ends all sessions under one tag.
   * @param keep digest of the one session that stays
   */
  async revokeAll(tag: string, cause: EndCause = 'unknown', keep?: string): Promise<Revocation> {
    const { reply, durable } = await this.redis.revoke<[number, number, string]>(
      'revoke-all',
      'lkRevokeAll',
      [this.redis.keys.index(tag), this.redis.keys.generation(tag)],
      [this.redis.keys.sessions(tag), keep ?? '', this.redis.generationTtlMs, SWEEP_CHUNK, cause],
    );
    const [generation, revoked, trash] = reply;
    this.sweepInBackground(tag, trash);
    const { generationTtlMs: forMs } = this.redis;
    await this.redis.onRevoked?.({ kind: 'all', tag, generation, keep, forMs });
    return { revoked, durable };
  }

  /** Every live session under one tag: its digest and its record. */
  async list(tag: string): Promise<{ digest: string; raw: string }[]> {
    const found: { digest: string; raw: string }[] = [];
    for (let offset = 0; ;) {
      const [now, , read, kept, live, unreadable, pruned] = (await this.redis.ask(
        'list',
        this.redis.client.lkList(
          this.redis.keys.index(tag),
          this.redis.keys.generation(tag),
          this.redis.keys.sessions(tag),
          offset,
          LIST_CHUNK,
        ),
      )) as [number, number, number, number, string[], string[], number];
      this.redis.observe(now);
      this.redis.reportUnreadable(tag, unreadable);
      this.redis.reportPruned(pruned);
      for (let i = 0; i < live.length; i += 2)
        found.push({ digest: live[i] as string, raw: live[i + 1] as string });
      if (read < LIST_CHUNK) return found;
      // What was dead is out of the index now, so the next chunk begins behind what was kept.
      offset += kept;
    }
  }

  /** Digests in a user's index, live or not, in chunks; those that are there all the time come at least once. */
  async *indexed(tag: string): AsyncGenerator<string> {
    let cursor = '0';
    do {
      const scan = this.redis.client.zscan(this.redis.keys.index(tag), cursor, 'COUNT', LIST_CHUNK);
      const [next, members] = await this.redis.ask('list', scan);
      // Members and scores take turns.
      for (let i = 0; i < members.length; i += 2) yield members[i] as string;
      cursor = next;
    } while (cursor !== '0');
  }

  /** The first digest in a user's index that is the one looked for. */
  async findIndexed(tag: string, matches: (digest: string) => boolean): Promise<string | undefined> {
    for await (const digest of this.indexed(tag)) if (matches(digest)) return digest;
    return undefined;
  }

  /** @returns whether it was news; an equal or younger version stays */
  async setPrincipal(tag: string, principal: object, version: number): Promise<boolean> {
    // The script finds the version by its place, without decoding the JSON.
    const json = JSON.stringify({ v: version, ...principal });
    const reply = this.redis.client.lkSetPrincipal(
      this.redis.keys.principal(tag),
      version,
      json,
      this.redis.generationTtlMs,
      (principal as { disabled?: unknown }).disabled === true ? 'disabled' : 'principal',
    );
    return (await this.redis.ask('set-principal', reply)) === 1;
  }

  /** Waits for the sweeps under way; later ones are left to the TTL of what they would delete. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.sweeps);
  }

  /** Deletes what a revoke-all left over. Its sessions are dead already. */
  sweepInBackground(tag: string, trash: string): void {
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
      left = (await this.redis.ask(
        'sweep',
        this.redis.client.lkSweep(trash, this.redis.keys.sessions(tag), SWEEP_CHUNK),
      )) as number;
    }
  }
}
