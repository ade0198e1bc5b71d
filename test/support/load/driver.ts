import { setTimeout as delay } from 'node:timers/promises';

import { Caller, type Exchange } from './exchange.js';
import { LoadModel } from './model.js';
import { Traffic } from './traffic.js';

// A driver that had no time for that long does not make up for it: what comes then would be no load but a blow.
const FORGIVEN_MS = 200;
const BARRIER_EVERY_MS = 100;

/** What is kept of an exchange. */
export type Sample = Pick<Exchange, 'act' | 'node' | 'tag' | 'beganMs' | 'endedMs' | 'status'> & {
  code: string | undefined;
};

export interface LoadOptions {
  urls: string[];
  /** Requests a second, all nodes together. */
  rate: number;
  users: number;
  /** See {@link LoadDriver.barrier}. */
  barrier: () => Promise<boolean>;
}

/** Sends mixed traffic at a pace of its own, whatever becomes of it, to one node as often as to another. */
export class LoadDriver {
  readonly model = new LoadModel();
  readonly traffic: Traffic;
  /** Every exchange so far, in the order in which they ended. */
  readonly samples: Sample[] = [];
  /** Requests that were not sent because this process had no time. */
  skipped = 0;
  private readonly caller: Caller;
  private readonly underWay = new Set<Promise<void>>();
  private running: Promise<void> | undefined;
  private barriers: Promise<void> | undefined;
  private stopped = false;
  private watching = false;

  constructor(private readonly options: LoadOptions) {
    this.caller = new Caller(options.urls);
    this.traffic = new Traffic(this.caller, this.model);
  }

  /** Makes the accounts, and begins. */
  async start(): Promise<void> {
    await this.traffic.populate(this.options.users);
    await this.barrier();
    this.watch();
    this.running = this.run();
  }

  /**
   * Waits until everything that was acknowledged until now survives the loss of any one server.
   * @returns when that was
   */
  async barrier(): Promise<number> {
    for (;;) {
      const nowMs = performance.now();
      if (await this.options.barrier()) return (this.model.durableBeforeMs = nowMs);
      await delay(20);
    }
  }

  /** Goes on finding out what is durable, several times a second. */
  watch(): void {
    this.watching = true;
    this.barriers = (async () => {
      while (this.watching) {
        await this.barrier();
        await delay(BARRIER_EVERY_MS);
      }
    })();
  }

  /** Finds out nothing more; what was acknowledged since the last time counts as lost if need be. */
  async unwatch(): Promise<void> {
    this.watching = false;
    await this.barriers;
  }

  /** Resolves when every node has had nothing but good answers for that long. @throws Error after `deadlineMs` */
  async recovered(forMs: number, deadlineMs: number): Promise<void> {
    const beganMs = performance.now();
    for (;;) {
      await delay(50);
      const nowMs = performance.now();
      const sinceMs = nowMs - forMs;
      const recent = this.samples.slice(-10 * this.options.rate).filter((one) => one.endedMs > sinceMs);
      const good = this.options.urls.every((_, node) =>
        recent.some((one) => one.node === node && isGood(one)),
      );
      if (nowMs - beganMs > forMs && good && recent.every(isGood)) return;
      if (nowMs - beganMs > deadlineMs)
        throw new Error(`not recovered within ${deadlineMs} ms: ${countsOf(recent)}`);
    }
  }

  /** Sends nothing more, waits for what is under way, and looks at all that anybody was ever told. */
  async finish(): Promise<void> {
    await this.rest();
    await this.traffic.lookAtAll();
  }

  /** Sends nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    await this.rest();
    this.caller.close();
  }

  private async rest(): Promise<void> {
    this.stopped = true;
    await this.unwatch();
    await this.running;
    await Promise.all(this.underWay);
  }

  private async run(): Promise<void> {
    const everyMs = 1_000 / this.options.rate;
    let dueMs = performance.now();
    for (let count = 0; !this.stopped; count += 1) {
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await delay(waitMs);
      else if (waitMs < -FORGIVEN_MS) {
        this.skipped += Math.floor(-waitMs / everyMs);
        dueMs = performance.now();
      }
      dueMs += everyMs;
      this.fire(count % this.options.urls.length);
    }
  }

  private fire(node: number): void {
    const exchange = this.traffic
      .any(node)
      .then(({ act, tag, beganMs, endedMs, status, body }) => {
        const code = (body as { code?: string } | undefined)?.code;
        this.samples.push({ act, node, tag, beganMs, endedMs, status, code });
      })
      .catch((error: unknown) => void this.model.violations.push(String(error)))
      .finally(() => this.underWay.delete(exchange));
    this.underWay.add(exchange);
  }
}

const isGood = ({ status }: Sample): boolean => status >= 200 && status < 500;

/** Such as `read 200: 17, login 503: 1`. */
export function countsOf(samples: readonly Sample[]): string {
  const counts = new Map<string, number>();
  for (const { act, status, code } of samples) {
    const name = `${act} ${status}${status >= 400 && code !== undefined ? ` ${code}` : ''}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name}: ${count}`).join(', ');
}
