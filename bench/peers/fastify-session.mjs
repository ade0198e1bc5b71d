// (e) Fastify with @fastify/session on the same Redis. `rolling: false`, since its default writes the session at every read.
import cookie from '@fastify/cookie';
import session from '@fastify/session';
import { RedisStore } from 'connect-redis';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { REDIS_SOCKET, SECRET, sayWhere } from './listening.mjs';
import { answerOf, checkPassword, findPerson } from './people.mjs';

const app = fastify();
await app.register(cookie);
await app.register(session, {
  secret: SECRET,
  store: new RedisStore({ client: new Redis(REDIS_SOCKET) }),
  saveUninitialized: false,
  rolling: false,
  cookie: { secure: false, httpOnly: true, sameSite: 'lax', maxAge: 86_400_000 },
});
app.post('/login', async (/** @type {any} */ req, /** @type {any} */ reply) => {
  const user = await checkPassword(req.body.email, req.body.password);
  if (!user) return reply.code(401).send();
  await req.session.regenerate();
  req.session.set('userId', user.id);
  return answerOf(user);
});
app.get('/me', async (/** @type {any} */ req, /** @type {any} */ reply) => {
  const user = findPerson(req.session.get('userId'));
  return user ? answerOf(user) : reply.code(401).send();
});
await app.listen({ port: 0, host: '127.0.0.1' });
sayWhere(app.server);
