import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

import { requestId } from './request-id.js';
import { routeOf } from './route-of.js';

/**
 * Gives every request its id and writes one line about it when it is over: id, method, route, status, milliseconds.
 * Nothing else is ever picked from request or response, so that no cookie, token, address or query can get in.
 *
 * The line goes to pino straight: a logger of its own for every request, as pino-http makes two of them, cost more than
 * the line, and nothing here logs through it.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const startMs = performance.now();
    const id = requestId(req, res);
    (req as IncomingMessage & { id?: string }).id = id;
    res.on('close', () => {
      const level = res.statusCode >= 500 ? 'warn' : 'info';
      if (!logger.isLevelEnabled(level)) return;
      const line = {
        requestId: id,
        method: req.method,
        route: routeOf(req),
        status: res.statusCode,
        ms: Math.round(performance.now() - startMs),
        // The client went away, or the answer was cut: the status was never fully sent.
        ...(!res.writableFinished && { aborted: true }),
      };
      logger[level](line, 'request');
    });
    next();
  };
}
