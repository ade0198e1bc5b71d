import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { Redis } from 'ioredis';
import passport from 'passport';
import { REDIS_SOCKET, SECRET } from './listening.mjs';
import './passport.mjs';

/** The middleware that the textbook mounts, on Express alone and in Nest. */
export function textbookSession() {
  return [
    session({
      store: new RedisStore({ client: new Redis(REDIS_SOCKET) }),
      secret: SECRET,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
    passport.initialize(),
    passport.session(),
  ];
}
