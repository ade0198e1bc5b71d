import { Agent, request, type IncomingHttpHeaders } from 'node:http';

/** A request and its answer. */
export interface Exchange {
  /** What it was for, such as `read` or `login`. */
  act: string;
  node: number;
  /** Of the user whose session it was about. */
  tag: string;
  /** By `performance.now()`: when it was sent, and when the last byte of its answer was there. */
  beganMs: number;
  endedMs: number;
  /** 0 when the connection broke. */
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Parsed when it is JSON. */
  body: any;
}

export interface Call {
  act: string;
  node: number;
  tag: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Sends requests over connections that are kept, as many at a time as there are. */
export class Caller {
  private readonly agent = new Agent({ keepAlive: true, keepAliveMsecs: 10_000 });

  constructor(private readonly urls: string[]) {}

  async send(call: Call): Promise<Exchange> {
    const { act, node, tag, method, path, body } = call;
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      ...call.headers,
      ...(call.headers?.['cookie'] && method !== 'GET' && { origin: this.urls[node] }),
      ...(text !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    const beganMs = performance.now();
    return new Promise((resolve) => {
      const settle = (status: number, found: IncomingHttpHeaders, answer: string): void =>
        resolve({
          act,
          node,
          tag,
          beganMs,
          endedMs: performance.now(),
          status,
          headers: found,
          text: answer,
          body: /json/.test(found['content-type'] ?? '') ? JSON.parse(answer) : undefined,
        });
      const outgoing = request(`${this.urls[node]}${path}`, { method, headers, agent: this.agent });
      outgoing.once('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('end', () =>
          settle(answer.statusCode ?? 0, answer.headers, Buffer.concat(chunks).toString()),
        );
        answer.once('error', (error) => settle(0, {}, String(error)));
      });
      outgoing.once('error', (error) => settle(0, {}, String(error)));
      outgoing.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
