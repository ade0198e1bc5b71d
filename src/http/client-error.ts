import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import { ProblemException, type ProblemCode } from '../problem/index.js';
import { AnswersUnderWay } from './answers-under-way.js';

// What node:http calls the errors that are more than «this is not HTTP».
const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'BODY_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/**
 * Answers what is not HTTP, or too large or too slow to become a request, as the rest of the program answers: such
 * bytes never reach a middleware or a filter.
 *
 * @param headers what every answer carries
 */
export function answerClientErrors(server: Server, headers: Readonly<Record<string, string>> = {}): void {
  const answers = AnswersUnderWay.at(server);
  const begun = (socket: Duplex) => answers.of(socket).some((res) => res.headersSent);
  const endWith = (socket: Duplex, problem: ProblemException): void => {
    socket.end(answerOf(problem, headers));
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // In the middle of an answer, the bytes of this one would be taken for part of it.
    if (error.code === 'ECONNRESET' || !socket.writable || begun(socket)) socket.destroy();
    else endWith(socket, new ProblemException(CODES[error.code ?? ''] ?? 'BAD_REQUEST'));
  });
  // Nothing is relayed here. Without a listener, node:http would hang up without a word.
  server.on('connect', (_req: IncomingMessage, socket: Duplex) =>
    endWith(socket, new ProblemException('METHOD_NOT_ALLOWED', { headers: { Allow: '' } })),
  );
}

function answerOf(problem: ProblemException, headers: Readonly<Record<string, string>>): string {
  const requestId = randomUUID();
  const body = JSON.stringify({ ...problem.body, requestId });
  const { status } = problem.body;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    ...Object.entries({ ...headers, ...problem.headers }).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
