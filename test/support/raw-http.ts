import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** An answer as it came over the wire. */
export interface RawAnswer {
  status: number;
  /** Names in lower case; of a header that is there twice, both values. */
  headers: Map<string, string[]>;
  body: string;
}

/**
 * Sends bytes that no HTTP client would, and reads until the server closes: the request should say
 * `Connection: close`, or be one after which a server closes by itself.
 */
export async function sendRaw(url: string, bytes: Buffer | string): Promise<RawAnswer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(bytes);
  return parseAnswer(await text(socket.setEncoding('latin1')));
}

/** The bytes of a request. Headers are written byte by byte, as Latin-1. */
export function rawRequest(method: string, path: string, headers: Record<string, string>, body = ''): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: test',
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

function parseAnswer(answer: string): RawAnswer {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(name.length + 1).trim()]);
  }
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
