import type { Cluster, Redis } from 'ioredis';
import { SessionStoreUnavailableError } from '../session.errors.js';
import type { BreakerState } from '../session.types.js';

// One lost command is an accident; three in a row, with no answer between them, are an outage.
const FAILURES_TO_OPEN = 3;
const FIRST_PROBE_MS = 50;
const LONGEST_PROBE_MS = 500;
// A probe on a client without commandTimeout must not be waited for for ever.
const PROBE_DEADLINE_MS = 1_000;

// What ioredis says when a server did not answer. What the server itself says, such as OOM, NOSCRIPT, READONLY or MOVED,
// is an answer, and arrives at once: there is no wait to be spared.
const NO_ANSWER =
  /^(Command timed out|Connection is closed|Stream isn't writeable|Reached the max retries|Command aborted|Socket timeout|Socket closed|Cluster isn't ready|Failed to refresh slots|All nodes failed|None of startup nodes|connect E|(read|write) E)/;

/** Whether that error means that Redis did not answer, rather than that it refused. */
export function isOutage(error: unknown): boolean {
  // Not instanceof: in a test runner's context, errors of sockets are those of another realm.
  const { name, message } = (error ?? {}) as Partial<Error>;
  if (name === 'MaxRetriesPerRequestError' || name === 'ClusterAllFailedError') return true;
  return typeof message === 'string' && NO_ANSWER.test(message);
}

/**
 * Spares requests the wait for a Redis that does not answer. After a few commands in a row without an answer it is
 * open: whoever wants to send one is told at once, and no command is sent. Meanwhile it asks by itself, one `PING` at a
 * time and not in step with other nodes, and closes when one is answered; nobody's request is the one to find out.
 *
 * There is one per client: what shares a connection shares what is known of it. Of a cluster, other servers go on when
 * one does not answer: it opens only when none of them answers a `PING`. The commands of the one shard that is frozen
 * wait for their timeout, until the cluster has promoted a replica.
 */
export class Breaker {
  private static readonly ofClients = new WeakMap<object, Breaker>();
  private readonly listeners = new Set<(state: BreakerState) => void>();
  private failures = 0;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private probing = false;
  private isOpen = false;

  /** The breaker that everything shares which sends commands through that client. */
  static of(client: Redis | Cluster): Breaker {
    let breaker = this.ofClients.get(client);
    if (!breaker) this.ofClients.set(client, (breaker = new Breaker(client)));
    return breaker;
  }

  private constructor(private readonly client: Redis | Cluster) {
    // Connected again: there is something to ask.
    client.on('ready', () => {
      this.attempts = 0;
      if (this.isOpen) this.schedule(0);
    });
  }

  /** To be asked before a command is sent. @throws SessionStoreUnavailableError while it is open */
  admit(): void {
    if (!this.isOpen) return;
    // A client that was ended for good and connected again later: nothing is under way any more.
    if (!this.probing && this.timer === undefined) this.schedule(this.delayMs());
    throw new SessionStoreUnavailableError({ cause: new Error('Redis did not answer; it is being asked.') });
  }

  /** Redis has answered. */
  succeeded(): void {
    this.failures = 0;
  }

  /** Redis has not answered, or has refused, which is an answer. */
  failed(error: unknown): void {
    if (!isOutage(error)) return this.succeeded();
    this.failures += 1;
    if (this.failures < FAILURES_TO_OPEN || this.isOpen || this.probing) return;
    // One shard may be away while the others serve everybody else.
    if (this.client.isCluster) void this.probe();
    // At once, too: it may have been this process that was busy for half a second.
    else this.open(0);
  }

  /** Waits for a reply and learns from it. @throws SessionStoreUnavailableError when Redis does not answer or refuses */
  async answered<T>(reply: Promise<T>): Promise<T> {
    try {
      const value = await reply;
      this.failures = 0;
      return value;
    } catch (cause) {
      this.failed(cause);
      throw new SessionStoreUnavailableError({ cause });
    }
  }

  /** Hears of every change of the state, until it is taken off again. */
  onState(listener: (state: BreakerState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private open(probeAfterMs: number): void {
    this.isOpen = true;
    this.say('open');
    this.schedule(probeAfterMs);
  }

  private close(): void {
    this.failures = 0;
    this.attempts = 0;
    if (!this.isOpen) return;
    this.isOpen = false;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.say('closed');
  }

  // Doubling up to half a second, a random half of it: nodes that lost the same Redis must not ask in step.
  private delayMs(): number {
    const ceiling = Math.min(FIRST_PROBE_MS * 2 ** this.attempts, LONGEST_PROBE_MS);
    return ceiling * (0.5 + Math.random() / 2);
  }

  private schedule(afterMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.probe(), afterMs).unref();
  }

  private async probe(): Promise<void> {
    this.timer = undefined;
    // Closed by its host: whoever asks next looks again.
    if (this.probing || this.client.status === 'end') return;
    this.probing = true;
    if (this.isOpen) this.say('half-open');
    const answers = await this.answers();
    this.probing = false;
    if (answers) return this.close();
    this.open(this.delayMs());
    this.attempts += 1;
  }

  private async answers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE_DEADLINE_MS).unref();
    });
    try {
      return await Promise.race([this.ping(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async ping(): Promise<boolean> {
    const { client } = this;
    const asked = client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
    // A command for a client that is not connected would wait in the queue that a host's client may have.
    const pings = asked
      .filter(({ status }) => status === 'ready')
      .map((node) =>
        node.ping().catch((error: Error) => {
          // An answer, too: it may not be allowed to ask.
          if (isOutage(error)) throw error;
        }),
      );
    return Promise.any(pings).then(
      () => true,
      () => false,
    );
  }

  private say(state: BreakerState): void {
    for (const listener of this.listeners) listener(state);
  }
}
