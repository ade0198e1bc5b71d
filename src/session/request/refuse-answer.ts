import type { ServerResponse } from 'node:http';
import type { Request } from 'express';
import { sendProblem, toProblem } from '../../problem/index.js';

// What described the answer that is not sent.
const OF_THE_BODY = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'transfer-encoding',
  'etag',
  'last-modified',
  'location',
  'trailer',
];

/** Answers with the error that storing the session ended in, instead of with what the handler wanted to send. */
export function refuseAnswer(req: Request, res: ServerResponse, cause: unknown): void {
  for (const header of OF_THE_BODY) res.removeHeader(header);
  // Without a session express-session neither saves again nor sets a cookie; without an id it does not end one either,
  // as it would under `unset: 'destroy'`.
  delete (req as Partial<Request>).session;
  delete (req as Partial<Request>).sessionID;
  sendProblem(req, res, toProblem(cause));
}
