import { once, EventEmitter } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import type { BearerClient, CookieClient } from './clients.js';

export interface ServerEvent {
  event: string;
  data: any;
  id?: string;
}

/** Reads a stream of server-sent events as `EventSource` does, and keeps all of it. */
export class EventReader {
  readonly events: ServerEvent[] = [];
  comments = 0;
  retryMs: number | undefined;
  isOver = false;
  private readonly news = new EventEmitter();
  private rest = '';
  private taken = 0;

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.read(text));
    response.on('error', () => undefined);
    response.on('close', () => {
      this.isOver = true;
      this.news.emit('news');
    });
  }

  /** @throws when the answer is no stream */
  static async open(url: string, headers: Record<string, string>): Promise<EventReader> {
    const response = await EventReader.ask(url, headers);
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
    return new EventReader(response);
  }

  /** The answer, whatever it is. */
  static async ask(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
    const request = get(url, { headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  /** What was not asked for yet up to the next event of this kind, that one included. @throws after five seconds */
  async until(event: string): Promise<ServerEvent> {
    const deadline = AbortSignal.timeout(5_000);
    for (;;) {
      const found = this.events.findIndex((one, at) => at >= this.taken && one.event === event);
      if (found >= 0) {
        this.taken = found + 1;
        return this.events[found] as ServerEvent;
      }
      if (this.isOver) throw new Error(`no ${event} in ${JSON.stringify(this.events)}, which is over`);
      await once(this.news, 'news', { signal: deadline }).catch(() => {
        throw new Error(`no ${event} in ${JSON.stringify(this.events)}`);
      });
    }
  }

  /** Resolves when the server has closed it. */
  async over(): Promise<void> {
    const deadline = AbortSignal.timeout(5_000);
    while (!this.isOver) await once(this.news, 'news', { signal: deadline });
  }

  close(): void {
    this.response.destroy();
  }

  private read(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) this.take(block);
    this.news.emit('news');
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments += 1;
      else fields.set(line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2));
    }
    if (fields.has('retry')) this.retryMs = Number(fields.get('retry'));
    const event = fields.get('event');
    if (event === undefined) return;
    const id = fields.get('id');
    this.events.push({ event, data: JSON.parse(fields.get('data') ?? ''), ...(id !== undefined && { id }) });
  }
}

/** The header by which a client is who it is. */
export async function credentialOf(client: CookieClient | BearerClient): Promise<Record<string, string>> {
  if ('token' in client && client.token !== undefined) return { authorization: `Bearer ${client.token}` };
  return { cookie: `sid=${(await (client as CookieClient).cookie()) ?? ''}` };
}
