import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';

/** Which way bytes go: `up` from who connected to the server behind the proxy, `down` back. */
export type Direction = 'up' | 'down';

/** A network between a client and a server, which can get slow, fall silent, and break. */
export interface TcpProxy {
  /** Where it listens: always on 127.0.0.1. */
  readonly port: number;
  /** What `REDIS_URL` is set to, to go through it. */
  readonly url: string;
  /** How many connections are open through it now. */
  readonly open: number;
  /** How many it has been asked for since it started, refused ones included. */
  readonly asked: number;
  /**
   * From now on bytes are on their way for that long, ms; a number means both directions. What is on its way is lost
   * when the connection is cut, as with a host that is gone.
   */
  delay(ms: number | Partial<Record<Direction, number>>): void;
  /**
   * From now on nothing arrives, while the connections stay open and new ones are accepted: a partition. As with TCP,
   * what is sent meanwhile arrives after `heal`, also when its sender has given up; `cut` loses it.
   */
  silence(...directions: Direction[]): void;
  /** Breaks every connection that is open, both ends at once, with whatever is on its way. */
  cut(): void;
  /** From now on new connections are reset at once. Those that are open stay. */
  refuse(): void;
  /** No delay, no silence, no refusals from now on. */
  heal(): void;
  /** Cuts everything and stops listening. */
  close(): Promise<void>;
}

/** @param target the server behind it: `{ host, port }`, `{ port }` on loopback, or the `{ path }` of a unix socket */
export async function startTcpProxy(target: NetConnectOpts): Promise<TcpProxy> {
  const lines = new Set<Line>();
  const state: NetworkState = { delayMs: { up: 0, down: 0 }, silent: new Set() };
  let refusing = false;
  let asked = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    asked += 1;
    if (refusing) {
      near.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const line = new Line(near, connect({ ...target, allowHalfOpen: true, noDelay: true }), state);
    lines.add(line);
    line.onClosed = () => lines.delete(line);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const flush = () => lines.forEach((line) => line.flush());
  const cut = () => lines.forEach((line) => line.cut());
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get open() {
      return lines.size;
    },
    get asked() {
      return asked;
    },
    delay(ms) {
      const { up = 0, down = 0 } = typeof ms === 'number' ? { up: ms, down: ms } : ms;
      state.delayMs = { up, down };
    },
    silence(...directions) {
      for (const direction of directions.length > 0 ? directions : (['up', 'down'] as const))
        state.silent.add(direction);
    },
    cut,
    refuse() {
      refusing = true;
    },
    heal() {
      refusing = false;
      state.delayMs = { up: 0, down: 0 };
      state.silent.clear();
      flush();
    },
    async close() {
      refusing = true;
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface NetworkState {
  delayMs: Record<Direction, number>;
  silent: Set<Direction>;
}

/** One connection through the proxy. */
class Line {
  onClosed: () => void = () => undefined;
  private readonly ways: Way[];

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    state: NetworkState,
  ) {
    this.ways = [new Way('up', near, far, state), new Way('down', far, near, state)];
    let closed = 0;
    for (const end of [near, far]) {
      end.on('close', () => {
        closed += 1;
        if (closed === 2) this.onClosed();
      });
    }
  }

  flush(): void {
    this.ways.forEach((way) => way.flush());
  }

  cut(): void {
    this.ways.forEach((way) => way.lose());
    for (const end of [this.near, this.far]) {
      // A reset, not an end: what has arrived must not be taken for complete. A unix socket has none.
      if (end.remotePort !== undefined) end.resetAndDestroy();
      else end.destroy();
    }
  }
}

type Item = { dueMs: number } & ({ bytes: Buffer } | { bytes?: never; over: 'end' | 'close' });

/** One direction of one connection: a queue, in order, of what is on its way. */
class Way {
  private queue: Item[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly direction: Direction,
    from: Socket,
    private readonly to: Socket,
    private readonly state: NetworkState,
  ) {
    const dueMs = () => performance.now() + state.delayMs[direction];
    from.on('data', (bytes: Buffer) => this.take({ dueMs: dueMs(), bytes }));
    from.on('end', () => this.take({ dueMs: dueMs(), over: 'end' }));
    from.on('close', () => this.take({ dueMs: dueMs(), over: 'close' }));
    from.on('error', () => undefined);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const nowMs = performance.now();
    while (this.queue.length > 0 && !this.state.silent.has(this.direction)) {
      const item = this.queue[0] as Item;
      // Healed: what was delayed before arrives now.
      if (item.dueMs > nowMs && this.state.delayMs[this.direction] > 0) {
        this.timer = setTimeout(() => this.flush(), Math.ceil(item.dueMs - nowMs));
        return;
      }
      this.queue.shift();
      this.deliver(item);
    }
  }

  lose(): void {
    clearTimeout(this.timer);
    this.queue = [];
  }

  private take(item: Item): void {
    this.queue.push(item);
    if (this.timer === undefined) this.flush();
  }

  private deliver(item: Item): void {
    if (this.to.destroyed) return;
    if (item.bytes) this.to.write(item.bytes);
    else if (item.over === 'end') this.to.end();
    else this.to.destroySoon();
  }
}
