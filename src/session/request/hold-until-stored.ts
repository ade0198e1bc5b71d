import type { Request, RequestHandler } from 'express';
import { RedisSessionStore } from '../store/redis-session.store.js';
import { refuseAnswer } from './refuse-answer.js';
import { holdResponse } from './response-gate.js';
import { changedData, saveSession } from './save-session.js';

/**
 * Express middleware that holds every answer back until its session is stored. Mount it right behind express-session
 * over a RedisSessionStore; SessionModule does the same by itself.
 *
 * express-session sends the status, the headers and nearly the whole body before its save has succeeded. Behind this,
 * a save that is refused or fails is answered with a problem (RFC 9457) of its own: 401 when the session has ended, 409
 * when another request was faster, 413 when it is too large, 503 when Redis is away; never with a cookie. Where a part of the
 * answer has left already, the connection is cut.
 *
 * A session that nothing was put into is left to express-session: with `saveUninitialized` it is still saved late.
 */
export function holdUntilStored(): RequestHandler {
  return (req, res, next) => {
    if (req.session && !(req.sessionStore instanceof RedisSessionStore)) {
      next(new TypeError('holdUntilStored needs express-session with a RedisSessionStore in front of it.'));
      return;
    }
    holdResponse(res, {
      beforeSend: () => commit(req),
      refuse: (cause) => refuseAnswer(req, res, cause),
    });
    next();
  };
}

function commit(req: Request): Promise<void> | undefined {
  const { session, sessionStore } = req as Partial<Request>;
  if (!session || !(sessionStore instanceof RedisSessionStore)) return undefined;
  const { codec } = sessionStore.engine;
  const data = changedData(codec, session, (fresh) => Object.keys(fresh).some((key) => key !== 'cookie'));
  if (!data) return undefined;
  codec.checkNesting(data);
  return saveSession(session);
}
