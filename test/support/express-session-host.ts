import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import expressSession, { type SessionOptions, type Store } from 'express-session';

export const COOKIE_SECRET = 'cookie-secret-of-the-express-session-specification';

/** An answer as a browser sees it. */
export interface Answer {
  status: number;
  text: string;
  headers: Headers;
  /** `name=value` of the session cookie, to send it back; '' when the answer sets none. */
  cookie: string;
  /** Attributes of the session cookie, names in lower case; undefined when the answer sets none. */
  attributes: Record<string, string | true> | undefined;
}

/** A plain Express application over express-session: no Nest. */
export interface ExpressHost {
  get(path?: string, headers?: Record<string, string>): Promise<Answer>;
  /** What reached the application's error handler; express-session reports there after it has sent the answer. */
  errors: Error[];
  /** Resolves with the errors once there are that many. */
  reported(count: number): Promise<Error[]>;
  close(): Promise<void>;
}

type Handler = (...args: Parameters<RequestHandler>) => unknown;

/**
 * Starts an application whose every route is `handler`. `options` are those of express-session beside the store;
 * `before` is mounted in front of express-session, `behind` right behind it.
 */
export async function startExpressHost(
  store: Store,
  handler: Handler,
  options: Partial<SessionOptions> = {},
  { before = [], behind = [] }: { before?: RequestHandler[]; behind?: RequestHandler[] } = {},
): Promise<ExpressHost> {
  const errors: Error[] = [];
  const onError: ErrorRequestHandler = (error: Error, _req, res, _next) => {
    errors.push(error);
    if (!res.headersSent) res.status(500).end(error.message);
  };
  const app = express();
  for (const middleware of before) app.use(middleware);
  app.use(
    expressSession({ secret: COOKIE_SECRET, resave: false, saveUninitialized: false, store, ...options }),
  );
  for (const middleware of behind) app.use(middleware);
  app.use((req, res, next) => void Promise.resolve(handler(req, res, next)).catch(next));
  app.use(onError);
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const name = options.name ?? 'connect.sid';

  return {
    errors,
    async reported(count) {
      await until(() => errors.length >= count);
      return errors;
    },
    async get(path = '/', headers = {}) {
      const response = await fetch(url + path, { headers, redirect: 'manual' });
      const setCookie = response.headers.getSetCookie().find((header) => header.startsWith(`${name}=`));
      return {
        status: response.status,
        text: await response.text(),
        headers: response.headers,
        cookie: setCookie?.split(';')[0] ?? '',
        attributes: setCookie === undefined ? undefined : attributesOf(setCookie),
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The session id in a `name=value` pair of a signed cookie. */
export function tokenIn(cookie: string): string {
  const value = decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1));
  return value.slice('s:'.length, value.lastIndexOf('.'));
}

/** A promise that a test opens by hand. */
export function barrier(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits for something that happens off the path of an answer; the test's own timeout ends it when it never does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

function attributesOf(setCookie: string): Record<string, string | true> {
  return Object.fromEntries(
    setCookie
      .split('; ')
      .slice(1)
      .map((pair) => {
        const [attribute, ...value] = pair.split('=');
        return [(attribute as string).toLowerCase(), value.length > 0 ? value.join('=') : (true as const)];
      }),
  );
}
