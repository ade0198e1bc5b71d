import type { Cluster, Redis } from 'ioredis';
import type { SessionEngine } from '../store/session-engine.js';
import { primariesOf } from '../store/scan.js';
import { JournalMarker } from './journal-marker.js';
import { ReplayedEntries } from './replayed-entries.js';
import type { JournalEntry, RevocationJournal } from './revocation-journal.js';

// More than the clocks of a database can step, and than an insert takes.
const SLACK_MS = 60_000;
const MARKER_INTERVAL_MS = 1_000;
const RETRY_MS = 200;

/**
 * Repeats the revocations that Redis has lost, before a session is read from it. Whenever a connection was lost and the
 * server behind the new one is another process, this node reads no session until the journal's entries that are younger
 * than the server's marker have been done again: a request gets 503 meanwhile. On Cluster, where each server is by itself
 * and others go on, that begins when the node learns of the change, at most a refresh of its map of slots later.
 */
export class JournalReplay {
  private readonly marker: JournalMarker;
  private readonly entries: ReplayedEntries;
  /** Run ids of the servers that have all that the journal has. */
  private readonly current = new Set<string>();
  private places = '';
  private rounds = 0;
  private running: Promise<void> | undefined;
  private markerTimer: NodeJS.Timeout | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly engine: SessionEngine,
    private readonly journal: RevocationJournal,
  ) {
    const { redis } = engine;
    this.marker = new JournalMarker(redis);
    this.entries = new ReplayedEntries(engine);
    redis.isCurrent = false;
    redis.onRevoked = (entry) => this.note(entry);
    redis.ungated.on('close', this.onClose).on('ready', this.onReady);
    if (redis.ungated.isCluster) redis.ungated.on('refresh', this.onRefresh).on('+node', this.onReady);
  }

  /** Asks which servers are there, and replays when one is new. Resolves when it is done or failed; then it tries again. */
  async sync(): Promise<void> {
    this.rounds += 1;
    this.running ??= this.run().finally(() => (this.running = undefined));
    await this.running;
  }

  /**
   * Repeats every entry since then, whatever Redis says of itself. Harmless to sessions that were made later.
   * @param sinceMs of the journal's clock @returns how many entries there were
   */
  async replay(sinceMs: number): Promise<number> {
    let count = 0;
    for await (const chunk of this.journal.entries(sinceMs)) {
      await this.entries.apply(chunk);
      count += chunk.length;
    }
    return count;
  }

  /** What the journal calls now, ms. */
  async nowMs(): Promise<number> {
    return this.journal.nowMs();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.markerTimer);
    clearTimeout(this.retryTimer);
    const client = this.engine.redis.ungated;
    client.off('close', this.onClose).off('ready', this.onReady);
    client.off('refresh', this.onRefresh).off('+node', this.onReady);
    await this.running;
  }

  private readonly onClose = (): void => {
    this.rounds += 1;
    this.engine.redis.isCurrent = false;
  };

  private readonly onReady = (): void => void this.sync();

  /** The map of the cluster was read: every second. A promoted replica is a server that was there before. */
  private readonly onRefresh = (): void => {
    const places = (this.engine.redis.ungated as Cluster)
      .nodes('master')
      .map(({ options }) => `${options.host}:${options.port}`)
      .sort()
      .join();
    if (places === this.places) return;
    this.places = places;
    void this.sync();
  };

  private async run(): Promise<void> {
    for (let round = -1; round !== this.rounds && !this.closed;) {
      round = this.rounds;
      try {
        await this.bringUpToDate(round);
      } catch {
        // Redis or the journal is away, and each says so by itself.
        clearTimeout(this.retryTimer);
        if (!this.closed) this.retryTimer = setTimeout(() => void this.sync(), RETRY_MS).unref();
        return;
      }
    }
  }

  private async bringUpToDate(round: number): Promise<void> {
    const { redis } = this.engine;
    const servers = await this.servers();
    if (servers.some((id) => !this.current.has(id))) {
      redis.isCurrent = false;
      const nowMs = await this.journal.nowMs();
      await this.replay((await this.marker.read()) - SLACK_MS);
      if (round !== this.rounds) return;
      await this.marker.write(nowMs);
      for (const id of servers) this.current.add(id);
    }
    if (round === this.rounds) redis.isCurrent = true;
  }

  /** Of a cluster those that answer: sessions of the others cannot be read anyway. */
  private async servers(): Promise<string[]> {
    const { ungated: client } = this.engine.redis;
    const idOf = async (node: Redis) => /^run_id:(\w+)/m.exec(await node.info('server'))?.[1] ?? '';
    const primaries = primariesOf(client);
    if (!client.isCluster) return Promise.all(primaries.map(idOf));
    const answers = await Promise.allSettled(primaries.filter(({ status }) => status === 'ready').map(idOf));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  private async note(entry: JournalEntry): Promise<void> {
    try {
      await this.journal.record(entry);
    } catch {
      this.engine.options.observer?.onSessionEvent({ type: 'store-failed', operation: 'journal' });
    }
    this.markerTimer ??= setTimeout(() => void this.mark(), MARKER_INTERVAL_MS).unref();
  }

  private async mark(): Promise<void> {
    this.markerTimer = undefined;
    const round = this.rounds;
    try {
      const nowMs = await this.journal.nowMs();
      // A marker on a server that has not been looked at would hide what it has lost.
      if (this.engine.redis.isCurrent && round === this.rounds && !this.closed)
        await this.marker.write(nowMs);
    } catch {
      // The next one says the same.
    }
  }
}
