import type { AddressInfo } from 'node:net';
import { RedisStore } from 'connect-redis';
import express, { type Request } from 'express';
import expressSession from 'express-session';
import type { Redis } from 'ioredis';
import { Authenticator } from 'passport';
import { signCookie } from '../../src/session/token/signed-cookie.js';
import { cookieOf } from './session-host.js';

export const LEGACY_SECRET = 'keyboard cat';

/** The Cookie header of an old session by its id. */
export const legacyCookie = (id: string) => `connect.sid=${signCookie(id, LEGACY_SECRET)}`;

/** The id of an old session by its Cookie header. */
export const legacyIdOf = (cookie: string) => /s%3A([^.]+)\./.exec(cookie)?.[1] ?? '';

type Data = { cart?: string[] };

/** What is being replaced: Express with express-session, connect-redis and Passport, as their guides say. */
export interface LegacyApp {
  /** Logs in and returns the Cookie header. */
  login(user: string): Promise<string>;
  /** Puts something into a cart, a visitor's or with a cookie somebody's, and returns the Cookie header. */
  addToCart(item: string, cookie?: string): Promise<string>;
  me(cookie: string): Promise<{ user: string | null; cart?: string[] }>;
  /** Keeps a request of a session under way; `finish` lets it save, as the old app does at the end. */
  slowSave(cookie: string): Promise<{ finish: () => Promise<void> }>;
  close(): Promise<void>;
}

export async function startLegacyApp(
  client: Redis,
  options: { maxAge?: number; userShape?: 'id' | 'object' } = {},
): Promise<LegacyApp> {
  const passport = new Authenticator();
  passport.serializeUser((user, done) =>
    done(null, options.userShape === 'object' ? user : (user as { id: string }).id),
  );
  passport.deserializeUser((user: string | { id: string }, done) =>
    done(null, typeof user === 'string' ? { id: user } : user),
  );
  const app = express();
  app.use(
    expressSession({
      secret: LEGACY_SECRET,
      store: new RedisStore({ client }),
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: options.maxAge ?? 14 * 86_400_000 },
    }),
    passport.session(),
  );
  const dataOf = (req: Request) => req.session as unknown as Data;
  let arrived: () => void = () => undefined;
  let leave: Promise<void> = Promise.resolve();
  app.post('/login', (req, res, next) => {
    req.logIn({ id: String(req.query['user']), name: 'from the old app' }, (error?: unknown) =>
      error ? next(error) : res.json({}),
    );
  });
  app.post('/cart', (req, res) => {
    dataOf(req).cart = [...(dataOf(req).cart ?? []), String(req.query['item'])];
    res.json({});
  });
  app.get(
    '/me',
    (req, res) =>
      void res.json({ user: (req.user as { id: string } | undefined)?.id ?? null, ...dataOf(req) }),
  );
  app.post('/slow', async (req, res) => {
    arrived();
    await leave;
    dataOf(req).cart = ['saved late'];
    res.json({});
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (path: string, cookie?: string) =>
    fetch(url + path, { method: 'POST', headers: cookie ? { cookie } : {} });
  return {
    login: async (user) => cookieOf(await post(`/login?user=${user}`)),
    addToCart: async (item, cookie) => cookieOf(await post(`/cart?item=${item}`, cookie)),
    me: async (cookie) =>
      (await (await fetch(`${url}/me`, { headers: { cookie } })).json()) as { user: string | null },
    slowSave: async (cookie) => {
      let open: () => void = () => undefined;
      leave = new Promise((resolve) => (open = resolve));
      const there = new Promise<void>((resolve) => (arrived = resolve));
      const answer = post('/slow', cookie);
      await there;
      return {
        finish: async () => {
          open();
          await answer;
        },
      };
    },
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}
