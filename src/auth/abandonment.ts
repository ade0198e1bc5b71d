import type { Request } from 'express';

const SIGNALS = new WeakMap<Request, AbortSignal>();

/** Aborted as soon as the client of a request has gone away without its answer. One signal per request. */
export function abandonment(req: Request): AbortSignal {
  const known = SIGNALS.get(req);
  if (known) return known;
  const controller = new AbortController();
  const { res } = req;
  if (res?.destroyed) controller.abort();
  // It is closed in any case; only an answer that was written whole has been waited for.
  else res?.once('close', () => res.writableFinished || controller.abort());
  SIGNALS.set(req, controller.signal);
  return controller.signal;
}
