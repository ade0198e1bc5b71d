import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { sendProblem } from './send-problem.js';
import { toProblem } from './to-problem.js';

/** Answers an upgrade request with the problem of what was thrown, instead of upgrading it, and closes its connection. */
export function refuseUpgrade(req: IncomingMessage, socket: Duplex, cause: unknown): void {
  if (socket.destroyed) return;
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  try {
    res.assignSocket(socket as Socket);
  } catch {
    // An answer to an earlier request of this connection is under way; bytes of this one would be taken for part of it.
    socket.destroy();
    return;
  }
  res.once('finish', () => socket.end(() => socket.destroy()));
  sendProblem(req, res, toProblem(cause));
}
