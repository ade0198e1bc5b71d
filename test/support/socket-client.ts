import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

import { type Answer, readAnswer } from './clients.js';

/** A WebSocket of a client, open. */
export interface TestSocket {
  socket: WebSocket;
  /** Resolves with what the close frame says. */
  closed: Promise<{ code: number; reason: string }>;
  /** Sends a message and resolves with what the server says of that event. */
  ask(event: string, data?: unknown): Promise<unknown>;
  close(): void;
}

/** What the contract promises, a second, and as much again for a machine that is busy with other tests. */
export const SOON_MS = 2_000;

/** How a socket was closed. Rejects when it is still open by then. */
export async function closedSoon(
  socket: Pick<TestSocket, 'closed'>,
  withinMs = SOON_MS,
): Promise<{ code: number; reason: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It was still open after ${withinMs} ms.`)), withinMs);
  });
  return Promise.race([socket.closed, late]).finally(() => clearTimeout(timer));
}

/** Asks for an upgrade. @returns the socket, or the HTTP answer that it got instead */
export async function upgrade(
  url: string,
  headers: Record<string, string>,
): Promise<{ open: TestSocket } | { refused: Answer }> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(([code, reason]) => ({
    code: code as number,
    reason: String(reason),
  }));
  const refused = new Promise<Answer>((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => resolve(answerOf(response)));
    socket.once('error', reject);
  });
  const opened = once(socket, 'open').then(() => undefined);
  const answer = await Promise.race([opened, refused]);
  refused.catch(() => undefined);
  if (answer) return { refused: answer };
  return {
    open: {
      socket,
      closed,
      async ask(event, data) {
        const [message] = await new Promise<[Buffer]>((resolve, reject) => {
          socket.once('message', (text: Buffer) => resolve([text]));
          socket.once('close', () => reject(new Error('The socket was closed.')));
          socket.send(JSON.stringify({ event, data }));
        });
        return (JSON.parse(message.toString()) as { data: unknown }).data;
      },
      close: () => socket.terminate(),
    },
  };
}

/** The socket of an upgrade that must succeed. */
export async function openSocket(url: string, headers: Record<string, string>): Promise<TestSocket> {
  const answer = await upgrade(url, headers);
  if ('refused' in answer) throw new Error(`not upgraded: ${answer.refused.status} ${answer.refused.text}`);
  return answer.open;
}

/** The answer to an upgrade that must be refused. */
export async function refusedUpgrade(url: string, headers: Record<string, string>): Promise<Answer> {
  const answer = await upgrade(url, headers);
  if ('refused' in answer) return answer.refused;
  answer.open.close();
  throw new Error('It was upgraded.');
}

async function answerOf(message: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  return readAnswer(
    new Response(Buffer.concat(chunks), {
      status: message.statusCode ?? 0,
      headers: Object.fromEntries(headers) as Record<string, string>,
    }),
  );
}
