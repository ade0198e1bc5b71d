import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';

import { ProblemException } from '../problem/index.js';
import { isRepeated } from '../session/index.js';
import { askForBody } from './expectations.js';

/** More than any request of this API needs, and little enough to parse for anybody who asks. */
export const BODY_LIMIT_BYTES = 16_384;

// What is read and thrown away of a refused body, so that a client that is nearly done gets to see the answer.
const MAX_DISCARDED_BYTES = 262_144;

const MEDIA_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/**
 * Reads JSON bodies of at most {@link BODY_LIMIT_BYTES} into `req.body`, objects and arrays only. Anything else that
 * has a body is refused: what is not parsed would look like no body at all.
 *
 * In place of body-parser, which reads a body that is too large to its end before it says so.
 */
export function jsonBody(): RequestHandler {
  return (req, _res, next) => {
    if (!hasBody(req)) {
      next();
      return;
    }
    read(req)
      .then((body) => {
        req.body = parse(body);
      })
      .then(() => next(), next);
  };
}

/** Cuts off who goes on sending a body for which he has his answer already. Mount it before whatever may refuse. */
export function cutOffBodies(): RequestHandler {
  return (req, res, next) => {
    if (hasBody(req)) {
      // Makes the body ours: one that nobody has begun to read when the answer ends, node:http reads by itself, to its end.
      req.read(0);
      res.once('finish', () => discardRest(req));
    }
    next();
  };
}

/** RFC 9112, section 6.3: a request has a body when one of these headers says so. */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}

async function read(req: IncomingMessage): Promise<Buffer> {
  if (!isPlainJson(req)) throw new ProblemException('UNSUPPORTED_MEDIA_TYPE');
  if (Number(req.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES)
    throw new ProblemException('BODY_TOO_LARGE');
  askForBody(req);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
      else reject(new ProblemException('BODY_TOO_LARGE'));
    });
    req.once('end', () => resolve(Buffer.concat(chunks)));
    req.once('error', (error) => reject(new ProblemException('BAD_REQUEST', { cause: error })));
  });
}

/** Compressed bodies are refused too, whoever says that they are: 16 kB of them could become megabytes. */
function isPlainJson(req: IncomingMessage): boolean {
  const {
    'content-type': type = '',
    'content-encoding': encoding = 'identity',
    'transfer-encoding': transfer = 'chunked',
  } = req.headers;
  return (
    MEDIA_TYPE.test(type) &&
    !isRepeated(req, 'content-type') &&
    encoding.toLowerCase() === 'identity' &&
    transfer.toLowerCase() === 'chunked'
  );
}

function parse(body: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's message quotes the body.
    throw new ProblemException('MALFORMED_JSON');
  }
  if (typeof value !== 'object' || value === null) throw new ProblemException('MALFORMED_JSON');
  return value;
}

/** Node reads a refused body to its end, however long it is; a sender of gigabytes is cut off instead, after 256 KiB. */
export function discardRest(req: IncomingMessage): void {
  if (req.complete) return;
  let discarded = 0;
  req.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED_BYTES) req.socket.destroy();
  });
  req.resume();
}
