import { scanKeys } from '../store/scan.js';
import type { SessionEngine } from '../store/session-engine.js';
import { readTopology, type Topology } from '../store/topology.js';
import type { EveryoneOperation, Progress, RunningOperation } from './everyone-operation.js';
import { SessionEnder } from './session-ender.js';

// A quarter of the lease, for stretches of Redis that hold nothing of ours.
const RENEWAL_MS = 1_000;

/**
 * One node's run of an operation that ends everybody's sessions. Walks over every primary in chunks. The sessions of a
 * chunk are counted and noted before they are ended, so the node that goes on after a crash ends what was noted without
 * counting it again: the count is exact. When a server restarted, or a slot moved, the walk begins again.
 *
 * Commands per chunk of n keys: SCAN, EVALSHA to note (twice), at most n to count and n to end.
 */
export class EveryoneScan {
  private readonly ender: SessionEnder;
  private renewedMs = 0;

  /** @param stopped asked between chunks; what is not finished is resumed by whichever node is there */
  constructor(
    private readonly engine: SessionEngine,
    private readonly operation: EveryoneOperation,
    private readonly id: string,
    private readonly runner: string,
    private readonly stopped: () => boolean,
  ) {
    this.ender = new SessionEnder(engine);
  }

  /** Resolves when the operation is over, or not this node's any more. */
  async run(): Promise<void> {
    const { client } = this.engine.redis;
    let operation = await this.note();
    if (operation) await this.ender.end(operation.pending, operation.keep);
    let previous: Topology | undefined;
    while (operation?.state === 'running') {
      const { epoch } = operation;
      const before = await readTopology(client);
      if (!(await this.pass())) return;
      const after = await readTopology(client);
      const same = before.fingerprint === after.fingerprint;
      // A key of an open slot can get ahead of one scan, but not of two: when the slot is closed, the topology changes.
      const missedNothing = same && (!after.moving || after.fingerprint === previous?.fingerprint);
      previous = same ? after : undefined;
      operation = await this.note({ pending: [], ...(missedNothing && { scannedUnder: epoch }) });
    }
  }

  /** Scans everything once. @returns false when this node is to stop */
  private async pass(): Promise<boolean> {
    const { client, keys } = this.engine.redis;
    for await (const found of scanKeys(client, keys.allSessionsAndIndexes)) {
      if (this.stopped() || !(await this.endChunk(found))) return false;
    }
    return true;
  }

  private async endChunk(found: string[]): Promise<boolean> {
    if (found.length === 0 && performance.now() - this.renewedMs < RENEWAL_MS) return true;
    // After the scan: the session that is kept may have got a new id meanwhile.
    let operation = await this.note();
    for (let keys = found; operation && keys.length > 0;) {
      const { keep } = operation;
      const live = await this.ender.count(keys, keep);
      operation = await this.note({ revoked: live, pending: keys });
      if (!operation) return false;
      if (operation.keep !== keep) {
        // Counted for another exception than the one that holds now.
        operation = await this.note({ revoked: -live, pending: [] });
        continue;
      }
      keys = await this.ender.end(keys, keep);
      const event = { type: 'ended', reason: 'revoked-all', count: live } as const;
      if (live > 0) this.engine.options.observer?.onSessionEvent(event);
    }
    return operation !== undefined;
  }

  private note(progress?: Progress): Promise<RunningOperation | undefined> {
    this.renewedMs = performance.now();
    return this.operation.note(this.id, this.runner, progress);
  }
}
