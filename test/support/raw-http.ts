import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  /** Of the interim answers (1xx) before it. */
  interim: number[];
  /** 0 when the server hung up without one. */
  status: number;
  /** Names in lower case; of a header that is there twice, both values. */
  headers: Map<string, string[]>;
  /** Its bytes as Latin-1. */
  body: string;
  /** How many answers came before the server closed, interim ones not counted. */
  answers: number;
}

type Headers = Record<string, string> | readonly (readonly [name: string, value: string])[];

/**
 * Sends bytes that no HTTP client would, and reads until the server closes: the request should say
 * `Connection: close`, or be one after which a server closes by itself.
 */
export async function sendRaw(url: string, bytes: Buffer | string): Promise<RawAnswer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  socket.write(bytes);
  // A server that refuses may close while there is still something to write; what it has answered counts.
  await new Promise((resolve) => socket.once('error', resolve).once('close', resolve));
  return parseAnswer(Buffer.concat(received).toString('latin1'));
}

/**
 * The bytes of a request, nothing of it checked. Headers are written byte by byte, as Latin-1, in the order in which they
 * are listed. A body is announced by its length unless they announce it otherwise.
 */
export function rawRequest(
  method: string,
  target: string,
  headers: Headers = {},
  body: string | Buffer = '',
): Buffer {
  const given = Array.isArray(headers) ? (headers as [string, string][]) : Object.entries(headers);
  const announced = given.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: test',
    'Connection: close',
    ...given.map(([name, value]) => `${name}: ${value}`),
    ...(body.length === 0 || announced ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

function parseAnswer(text: string): RawAnswer {
  const interim: number[] = [];
  const answer = text.replace(/^(?:HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, (before) => {
    for (const [, status] of before.matchAll(/^HTTP\/1\.1 (1\d\d) /gm)) interim.push(Number(status));
    return '';
  });
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(name.length + 1).trim()]);
  }
  return {
    interim,
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers,
    body: rest.join('\r\n\r\n'),
    answers: (text.match(/^HTTP\/1\.1 [2-5]\d\d /gm) ?? []).length,
  };
}
