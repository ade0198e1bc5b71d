import express, { type Express, type Request } from 'express';
import session, { type SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { promisify } from 'node:util';
import { createSessionId, holdUntilStored, RedisSessionStore } from '../../../src/index.js';

const INDEX_KEY = 'the index key of a shop that stays on Express';

type Data = Partial<SessionData> & { userId?: string };

/** Plain Express: express-session stays, the store takes connect-redis's place. */
export function expressShop(client: Redis): Express {
  const app = express();
  app.use(
    session({
      store: new RedisSessionStore({
        client,
        indexKeys: [INDEX_KEY],
        userId: (data: Data) => data.userId,
      }),
      genid: (req) => createSessionId(req.userId),
      secret: 'the secret that the shop has had',
      resave: false,
      saveUninitialized: false,
    }),
  );
  app.use(holdUntilStored());

  app.post('/login/:userId', async (req, res) => {
    req.userId = req.params.userId; // whom the new id will belong to
    await promisify(req.session.regenerate.bind(req.session))();
    dataOf(req).userId = req.userId;
    res.json({ loggedIn: req.userId });
  });
  app.get('/me', (req, res) => void res.json({ userId: dataOf(req).userId ?? null }));
  return app;
}

const dataOf = (req: Request): Data => req.session;

declare module 'express-serve-static-core' {
  interface Request {
    userId?: string;
  }
}
