import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { EveryoneOperation } from '../everybody/everyone-operation.js';
import { EveryoneScan } from '../everybody/everyone-scan.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { JournalEntry } from './revocation-journal.js';

const POLL_MS = 100;

/**
 * Repeats revocations. Each may be repeated any number of times and in any order, and none ends a session that was made
 * after it: a generation is only ever raised, a digest is never given twice, and everybody's sessions are ended only
 * while Redis has not heard of it.
 *
 * Commands: EVALSHA per entry.
 */
export class ReplayedEntries {
  /** Id of the operation that could not be finished, '' when it did not begin: Redis calls its epoch old from now on. */
  private unended: string | undefined;

  constructor(private readonly engine: SessionEngine) {}

  /**
   * @param wanted whether to repeat what concerns the user of this key; everybody's end is always repeated
   * @returns keys of users whose entries could not be repeated
   * @throws SessionStoreUnavailableError, or what the client says, when the end of everybody's could not be
   */
  async apply(chunk: JournalEntry[], wanted: (key: string) => boolean = () => true): Promise<string[]> {
    const failed: string[] = [];
    const repeat = async (entry: JournalEntry): Promise<void> => {
      if (entry.kind === 'everyone') return;
      const key = this.engine.redis.keys.generation(entry.tag);
      if (wanted(key)) await this.repeat(entry).catch(() => failed.push(key));
    };
    await Promise.all(chunk.map(repeat));
    for (const entry of chunk) if (entry.kind === 'everyone') await this.endEveryone(entry);
    return failed;
  }

  private async repeat(entry: JournalEntry): Promise<void> {
    const { ungated: client, keys } = this.engine.redis;
    if (entry.kind === 'one') {
      const { tag, digest } = entry;
      await client.lkDestroy(
        keys.session(tag, digest),
        keys.index(tag),
        keys.generation(tag),
        digest,
        '1',
        'unknown',
        '',
      );
    } else if (entry.kind === 'all') {
      const { tag, generation, keep = '' } = entry;
      const ttlMs = this.engine.redis.generationTtlMs;
      await client.lkReplayRevokeAll(keys.generation(tag), keys.sessions(tag), generation, keep, ttlMs);
    }
  }

  /** Resolves when it is over, by whichever node. */
  private async endEveryone({ epoch, keep }: Extract<JournalEntry, { kind: 'everyone' }>): Promise<void> {
    const { redis } = this.engine;
    const isNews = (await redis.ungated.lkReplayRevokeEveryone(redis.keys.epoch(), epoch)) === 1;
    if (isNews) this.unended = '';
    if (this.unended === undefined) return;
    const operation = new EveryoneOperation(redis);
    this.unended ||= (await operation.begin(randomBytes(16).toString('base64url'), keep)).operationId;
    const scan = new EveryoneScan(this.engine, operation, this.unended, randomUUID(), () => false);
    for (;;) {
      await scan.run();
      if ((await operation.find(this.unended))?.state !== 'running') break;
      await delay(POLL_MS);
    }
    this.unended = undefined;
  }
}
