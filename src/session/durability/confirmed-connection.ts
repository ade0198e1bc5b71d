import type { Redis } from 'ioredis';
import { connectionBeside, type ConnectionBeside } from '../store/connection-beside.js';
import type { Durability } from './durability.options.js';

/** A script by its text, its keys and its arguments. */
export interface ScriptCall {
  text: string;
  keys: readonly string[];
  args: readonly (string | number)[];
}

/** What the primary answered, an error included, and whether the replicas have it. */
export interface Confirmed {
  reply: unknown;
  durable: boolean;
}

interface Waiting extends ScriptCall {
  settle: (confirmed: Confirmed | undefined) => void;
  patience: NodeJS.Timeout;
}

// A revocation is in force at once; it does not stand in line while replicas are slow.
const PATIENCE_MS = 250;
const MOST_AT_ONCE = 100;
// How late a WAIT may come back: Redis looks at its timeouts ten times a second.
const SLACK_MS = 250;

/**
 * A connection to one primary for nothing but scripts whose effect the replicas have to confirm. Each exchange is one
 * pipeline, `EVAL … EVAL, WAIT`, and what comes while one is under way goes out together with the next one.
 *
 * What `WAIT` confirms is what its own connection has written before it. So a confirmation is false when the script is
 * sent by EVALSHA (ioredis repeats it behind the WAIT when the server does not know it), in MULTI (WAIT looks at the
 * offset from before), or to another server than the WAIT. A connection of its own, too, because WAIT blocks it.
 *
 * Commands: EVAL per script, WAIT; where the number of replicas is not given, INFO replication too.
 */
export class ConfirmedConnection {
  private readonly connection: ConnectionBeside;
  private readonly redis: Redis;
  private readonly waiting: Waiting[] = [];
  private isBusy = false;
  /** Most replicas that any primary here had; one that is missing now may be the one that is promoted. */
  private mostReplicas = 0;
  private opening: Promise<void> | undefined;

  /** @param base a client of that primary, or of whoever its sentinels name; it is not used itself */
  constructor(
    base: Redis,
    private readonly durability: Durability,
  ) {
    // Idle between revocations: what it executed on a server that hung, and is no primary any more, would be lost.
    this.connection = connectionBeside(base, {
      commandTimeout: durability.timeoutMs + SLACK_MS,
      socketTimeout: durability.timeoutMs + 2 * SLACK_MS,
      reconnectOnError: (error) => (/^(READONLY|MASTERDOWN|LOADING)/.test(error.message) ? 1 : false),
    });
    this.redis = this.connection.redis;
    this.redis.on('close', () => (this.opening = undefined));
  }

  /**
   * Runs a script and waits for the replicas.
   * @returns undefined when it was not sent, because the connection is not there or replicas keep it waiting
   */
  async run(call: ScriptCall): Promise<Confirmed | undefined> {
    if (!(await this.isOpenSoon())) return undefined;
    return new Promise((settle) => {
      const waiting: Waiting = {
        ...call,
        settle,
        // Behind what has arrived already: on a busy node a timer is late, and not only the timer.
        patience: setTimeout(() => setImmediate(() => this.leave(waiting)), PATIENCE_MS),
      };
      this.waiting.push(waiting);
      this.send();
    });
  }

  /** Connects and counts the replicas, so that the first revocation need not. Never rejects. */
  async open(): Promise<void> {
    this.opening ??= this.connect();
    await this.opening.catch(() => (this.opening = undefined));
  }

  /** How many replicas have to confirm; 0 when none was ever seen, so that there is nothing to confirm by. */
  get required(): number {
    return this.durability.replicas ?? this.mostReplicas;
  }

  close(): void {
    for (const waiting of [...this.waiting]) this.leave(waiting);
    this.connection.close();
  }

  private async isOpenSoon(): Promise<boolean> {
    if (this.opening && this.redis.status === 'ready' && this.required > 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
    await Promise.race([this.open(), late]);
    clearTimeout(timer);
    return this.redis.status === 'ready';
  }

  private async connect(): Promise<void> {
    if (this.redis.status === 'wait' || this.redis.status === 'end') await this.redis.connect();
    else if (this.redis.status !== 'ready') throw new Error('It is connecting already.');
    if (this.durability.replicas === undefined) this.countReplicas(await this.redis.info('replication'));
  }

  private leave(waiting: Waiting): void {
    const place = this.waiting.indexOf(waiting);
    if (place < 0) return;
    this.waiting.splice(place, 1);
    clearTimeout(waiting.patience);
    waiting.settle(undefined);
  }

  private send(): void {
    if (this.isBusy || this.waiting.length === 0) return;
    this.isBusy = true;
    const calls = this.waiting.splice(0, MOST_AT_ONCE);
    for (const { patience } of calls) clearTimeout(patience);
    void this.exchange(calls).finally(() => {
      this.isBusy = false;
      this.send();
    });
  }

  private async exchange(calls: Waiting[]): Promise<void> {
    const pipeline = this.redis.pipeline();
    for (const { text, keys, args } of calls) pipeline.eval(text, keys.length, ...keys, ...args);
    const asked = this.required;
    if (asked > 0) pipeline.wait(asked, this.durability.timeoutMs);
    // A replica that came meanwhile was not asked.
    if (this.durability.replicas === undefined) pipeline.info('replication');
    const results = (await pipeline.exec().catch(() => null)) ?? [];
    const [waited, acknowledged] = (asked > 0 && results[calls.length]) || [undefined, 0];
    const [, info] = results[calls.length + (asked > 0 ? 1 : 0)] ?? [];
    if (typeof info === 'string') this.countReplicas(info);
    const durable = !waited && asked > 0 && Number(acknowledged) >= this.required;
    for (const [place, { settle }] of calls.entries()) {
      const [error, reply] = results[place] ?? [new Error('Connection is closed.')];
      settle({ reply: error ?? reply, durable: durable && !error });
    }
  }

  private countReplicas(info: string): void {
    const connected = Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
    this.mostReplicas = Math.max(this.mostReplicas, connected);
  }
}
