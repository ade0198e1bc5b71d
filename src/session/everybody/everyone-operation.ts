import type { RedisAccess } from '../store/redis-access.js';

// Far longer than a chunk takes, and over when another node looks for the second time.
const LEASE_MS = 4_000;
const OPERATION_TTL_MS = 24 * 60 * 60_000;

/** How far an operation is; `revoked` counts the sessions that were ended, anonymous ones included. */
export interface Operation {
  state: 'running' | 'done';
  revoked: number;
}

/** What the node that runs an operation has to know. */
export interface RunningOperation {
  state: Operation['state'];
  /** Raised whenever somebody asks for the same again; only a scan that began after it counts. */
  epoch: string;
  /** Key of the one record that stays, '' for none. */
  keep: string;
  /** Keys whose sessions are counted already, and may not be ended yet. */
  pending: string[];
}

/** What a runner has done, or is about to do. */
export interface Progress {
  revoked?: number;
  pending?: string[];
  /** Every server was scanned under this epoch: the operation is over, unless the epoch has been raised since. */
  scannedUnder?: string;
}

/**
 * The operation that ends everybody's sessions, as it lies in Redis: one hash, run by whoever holds its lease. One
 * EVALSHA each, but for `find` (HMGET) and `findCurrent` (GET).
 */
export class EveryoneOperation {
  constructor(private readonly redis: RedisAccess) {}

  /**
   * Raises the epoch, and begins an operation or makes the one under way begin anew.
   * @param keep key of the one record that stays
   * @returns its id, and whether a failover cannot undo that it has begun
   */
  async begin(id: string, keep: string | undefined): Promise<{ operationId: string; durable?: boolean }> {
    const { keys } = this.redis;
    const { reply, durable } = await this.redis.revoke<string>(
      'revoke-everyone',
      'lkBeginRevokeEveryone',
      [keys.epoch(), keys.operation(id), keys.currentOperation(), keys.latestOperation()],
      [id, keep ?? '', OPERATION_TTL_MS, keys.operations(), this.redis.generationTtlMs],
    );
    if (this.redis.onRevoked) {
      const [epoch] = await this.redis.read('epoch', keys.epoch());
      await this.redis.onRevoked({
        kind: 'everyone',
        epoch: Number(epoch),
        keep,
        forMs: this.redis.generationTtlMs,
      });
    }
    return { operationId: reply, durable };
  }

  async find(id: string): Promise<Operation | null> {
    const { client, keys } = this.redis;
    const [state, revoked] = await this.redis.ask(
      'revoke-everyone',
      client.hmget(keys.operation(id), 'state', 'revoked'),
    );
    if (state === null || state === undefined) return null;
    return { state: state as Operation['state'], revoked: Number(revoked) };
  }

  /** Id of the operation under way; null when there is none. */
  async findCurrent(): Promise<string | null> {
    return this.redis.ask('revoke-everyone', this.redis.client.get(this.redis.keys.currentOperation()));
  }

  /** @returns undefined when another node runs the operation, or it is over */
  async note(id: string, runner: string, progress: Progress = {}): Promise<RunningOperation | undefined> {
    const { client, keys } = this.redis;
    const reply = (await this.redis.ask(
      'revoke-everyone',
      client.lkNoteRevokeEveryone(
        keys.operation(id),
        keys.currentOperation(),
        keys.latestOperation(),
        runner,
        LEASE_MS,
        progress.revoked ?? 0,
        progress.pending ? JSON.stringify(progress.pending) : '',
        progress.scannedUnder ?? '',
      ),
    )) as [Operation['state'], string, string, string] | null;
    if (!reply) return undefined;
    const [state, epoch, keep, pending] = reply;
    return { state, epoch, keep, pending: JSON.parse(pending) as string[] };
  }
}
