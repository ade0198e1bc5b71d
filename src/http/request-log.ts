import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { pinoHttp, type HttpLogger } from 'pino-http';

import { requestId } from './request-id.js';
import { routeOf } from './route-of.js';

/**
 * Gives every request its id and writes one line about it when it is over: method, route, status, milliseconds, id.
 * Nothing else is ever picked from request or response, so that no cookie, token, address or query can get in.
 */
export function requestLog(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    genReqId: requestId,
    customAttributeKeys: { reqId: 'requestId', responseTime: 'ms' },
    quietReqLogger: true,
    quietResLogger: true,
    wrapSerializers: false,
    // pino-http hands request and response to child loggers; these keep it from serialising either.
    serializers: { req: () => undefined, res: () => undefined },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'warn' : 'info'),
    customSuccessObject: (req, res, { ms }: { ms: number }) => facts(req, res, ms),
    customErrorObject: (req, res, _error, { ms }: { ms: number }) => facts(req, res, ms),
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
  });
}

function facts(req: IncomingMessage, res: ServerResponse, ms: number): object {
  const line = { method: req.method, route: routeOf(req), status: res.statusCode, ms };
  // The client went away, or the answer was cut: the status was never fully sent.
  return res.writableFinished ? line : { ...line, aborted: true };
}
