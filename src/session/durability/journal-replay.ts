import type { Cluster, Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '../../problem/index.js';
import { SessionStoreUnavailableError } from '../session.errors.js';
import type { SessionEngine } from '../store/session-engine.js';
import { CurrentServers, type Server } from './current-servers.js';
import { JournalMarker } from './journal-marker.js';
import { ReplayedEntries } from './replayed-entries.js';
import type { JournalEntry, RevocationJournal } from './revocation-journal.js';

// More than the clocks of a database can step, and than an insert takes.
const SLACK_MS = 60_000;
const MARKER_INTERVAL_MS = 1_000;
const RETRY_MS = 200;
const POLL_MS = 20;

/**
 * Repeats the revocations that Redis has lost, before a session is read from it. Whenever a connection was lost and the
 * server behind the new one is another process, this node reads no session until the journal's entries that are younger
 * than the server's marker have been done again: a request gets 503 meanwhile. On Cluster each server is by itself: one
 * that does not answer, or has not had its entries yet, keeps nobody from the others. There it begins when the node learns
 * of the change, at most a refresh of its map of slots later.
 */
export class JournalReplay {
  private readonly marker: JournalMarker;
  private readonly entries: ReplayedEntries;
  private readonly servers: CurrentServers;
  private places = '';
  private rounds = 0;
  private running: Promise<void> | undefined;
  private markerTimer: NodeJS.Timeout | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private closed = false;
  private saidWhy = false;

  constructor(
    private readonly engine: SessionEngine,
    private readonly journal: RevocationJournal,
  ) {
    const { redis } = engine;
    this.marker = new JournalMarker(redis);
    this.entries = new ReplayedEntries(engine);
    this.servers = new CurrentServers(redis);
    redis.onRevoked = (entry) => this.note(entry);
    redis.ungated.on('close', this.onClose).on('ready', this.onReady);
    if (!redis.ungated.isCluster) return;
    redis.ungated.on('refresh', this.onRefresh).on('+node', this.onNode);
    for (const node of (redis.ungated as Cluster).nodes()) node.on('ready', this.onReady);
  }

  /** Whether there is a server that may be read. */
  get isOpen(): boolean {
    return this.servers.all.length > 0;
  }

  /** Asks which servers are there, and replays when one is new. Resolves when it is done or failed; then it tries again. */
  async sync(): Promise<void> {
    this.rounds += 1;
    this.running ??= this.run().finally(() => (this.running = undefined));
    await this.running;
  }

  /** Resolves when every primary may be read, or after that time. For the start, whose first requests should find it so. */
  async open(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      await this.sync();
      if (this.engine.redis.isCurrent || this.closed || performance.now() > untilMs) return;
      await delay(POLL_MS);
    }
  }

  /**
   * Repeats every entry since then, whatever Redis says of itself. Harmless to sessions that were made later.
   * @param sinceMs of the journal's clock @returns how many entries there were
   * @throws SessionStoreUnavailableError when some could not be repeated; the others have been
   */
  async replay(sinceMs: number): Promise<number> {
    let count = 0;
    let failed = 0;
    for await (const chunk of this.journal.entries(sinceMs)) {
      failed += (await this.entries.apply(chunk)).length;
      count += chunk.length;
    }
    if (failed === 0) return count;
    throw new SessionStoreUnavailableError({ cause: new Error(`${failed} entries could not be repeated.`) });
  }

  /** What the journal calls now, ms. */
  async nowMs(): Promise<number> {
    return this.journal.nowMs();
  }

  /** Stops to look at servers and to write markers. SessionModule calls it on shutdown. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.markerTimer);
    clearTimeout(this.retryTimer);
    const client = this.engine.redis.ungated;
    client.off('close', this.onClose).off('ready', this.onReady);
    client.off('refresh', this.onRefresh).off('+node', this.onNode);
    if (client.isCluster) for (const node of (client as Cluster).nodes()) node.off('ready', this.onReady);
    await this.running;
  }

  private readonly onClose = (): void => {
    this.rounds += 1;
    this.servers.clear();
  };

  private readonly onReady = (): void => void this.sync();

  private readonly onNode = (node: Redis): void => {
    this.servers.review();
    node.on('ready', this.onReady);
    if (node.status === 'ready') this.onReady();
  };

  /** The map of the cluster was read: every second. A promoted replica is a server that was there before. */
  private readonly onRefresh = (): void => {
    this.servers.review();
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
        const done = await this.bringUpToDate();
        this.saidWhy = false;
        if (done) continue;
      } catch (error) {
        // Once for each time that it begins to fail.
        if (!this.saidWhy)
          this.engine.options.warn(
            `The journal of revocations cannot be replayed yet: ${describeError(error)}`,
          );
        this.saidWhy = true;
      }
      clearTimeout(this.retryTimer);
      if (!this.closed) this.retryTimer = setTimeout(() => void this.sync(), RETRY_MS).unref();
      return;
    }
  }

  /** @returns false when a server that is connected is not up to date */
  private async bringUpToDate(): Promise<boolean> {
    try {
      const { answering, silent } = await this.servers.others();
      const news = answering.filter((server) => !this.servers.isKnown(server));
      for (const server of answering) if (!news.includes(server)) this.servers.add(server);
      // Those go on while this takes its time.
      this.servers.review();
      const done = news.length === 0 ? [] : await this.replayOn(news);
      for (const server of done) this.servers.add(server);
      return !silent && done.length === news.length;
    } finally {
      this.servers.review();
    }
  }

  /** Of a cluster one server may fail without the others. @returns those that have everything now */
  private async replayOn(news: Server[]): Promise<Server[]> {
    const nowMs = await this.journal.nowMs();
    const markers = await Promise.allSettled(news.map((server) => this.marker.read(server)));
    const left = new Map<string | undefined, Server>();
    let sinceMs = Infinity;
    markers.forEach((marker, i) => {
      if (marker.status === 'rejected') return;
      const server = news[i] as Server;
      left.set(server.place, server);
      sinceMs = Math.min(sinceMs, marker.value - SLACK_MS);
    });
    if (left.size === 0) return [];
    for await (const chunk of this.journal.entries(sinceMs)) {
      const failed = await this.entries.apply(chunk, (key) => left.has(this.servers.placeOf(key)));
      for (const key of failed) left.delete(this.servers.placeOf(key));
    }
    const done = [...left.values()];
    // Only a short cut for the next time: that there is no room for it, say, keeps nobody out.
    await Promise.allSettled(done.map((server) => this.marker.write(server, nowMs)));
    return done;
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
    try {
      // A marker on a server that has not been looked at would hide what it has lost.
      const before = new Set(this.servers.all);
      const nowMs = await this.journal.nowMs();
      const current = this.servers.all.filter((server) => before.has(server));
      if (!this.closed) await Promise.allSettled(current.map((server) => this.marker.write(server, nowMs)));
    } catch {
      // The next one says the same.
    }
  }
}
