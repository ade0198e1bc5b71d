import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

const CHECK_INTERVAL_MS = 400;
const CHECK_TIMEOUT_MS = 2_000;

/** A load balancer in front of several instances of the program. */
export interface Balancer {
  url: string;
  /** Sends requests there as soon as it is ready. */
  add(upstream: string): void;
  /** Resolves when requests are sent to this upstream. */
  untilReady(upstream: string): Promise<void>;
  /** Upstreams that requests are sent to now. */
  readonly ready: string[];
  /** What went wrong between it and an upstream; each was a 502 for a client. */
  readonly failures: string[];
  close(): Promise<void>;
}

interface Upstream {
  url: string;
  agent: Agent;
  ready: boolean;
}

/** Says in an answer which upstream it is from. */
export const UPSTREAM_HEADER = 'x-upstream';

/**
 * Starts one on a loopback port. Round robin over what `/health/ready` says, asked every 0.4 s; connections to
 * upstreams are kept; nothing is tried a second time, so whatever an upstream does not answer is a failure.
 */
export async function startBalancer(): Promise<Balancer> {
  const upstreams: Upstream[] = [];
  const failures: string[] = [];
  const waiting = new Set<() => void>();
  let turn = 0;

  const next = (): Upstream | undefined => {
    const ready = upstreams.filter((upstream) => upstream.ready);
    return ready[turn++ % ready.length];
  };
  const forward = (req: IncomingMessage, res: ServerResponse): void => {
    const upstream = next();
    if (!upstream) {
      failures.push(`nobody is ready for ${req.method} ${req.url}`);
      res.writeHead(502).end();
      return;
    }
    const headers = { ...req.headers, 'x-forwarded-for': req.socket.remoteAddress ?? '' };
    const { method } = req;
    const passed = request(
      `${upstream.url}${req.url}`,
      { agent: upstream.agent, method, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, { ...withoutHop(answer), [UPSTREAM_HEADER]: upstream.url });
        pipeline(answer, res, (error) => error && failures.push(`cut by ${upstream.url}: ${error.message}`));
      },
    );
    passed.on('error', (error) => {
      failures.push(`${method} ${req.url} at ${upstream.url}: ${error.message}`);
      if (res.headersSent) res.destroy();
      else res.writeHead(502).end();
    });
    req.pipe(passed);
  };

  const check = async (upstream: Upstream): Promise<void> => {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    upstream.ready = await fetch(`${upstream.url}/health/ready`, { signal }).then(
      async (answer) => {
        await answer.text();
        return answer.ok;
      },
      () => false,
    );
    for (const look of waiting) look();
  };
  const timer = setInterval(() => upstreams.forEach((upstream) => void check(upstream)), CHECK_INTERVAL_MS);

  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ready = () => upstreams.filter((upstream) => upstream.ready).map(({ url }) => url);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failures,
    get ready() {
      return ready();
    },
    add: (url) => void upstreams.push({ url, agent: new Agent({ keepAlive: true }), ready: false }),
    untilReady: (upstream) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!ready().includes(upstream)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async close() {
      clearInterval(timer);
      for (const { agent } of upstreams) agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What is about one connection is not passed on. */
function withoutHop({ headers }: IncomingMessage): IncomingMessage['headers'] {
  const {
    connection: _connection,
    'keep-alive': _keepAlive,
    'transfer-encoding': _coding,
    ...rest
  } = headers;
  return rest;
}
