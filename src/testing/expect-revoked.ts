import { AssertionError } from 'node:assert';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type ResolvedSessionOptions,
  SESSION_OPTIONS,
  tokenInCookie,
  verifyBearerToken,
} from '../session/for-testing.js';
import { type RedisSessionStore, SESSION_STORE, SessionService } from '../session/index.js';
import type { TestLogin } from './login-as.js';

/** One node: a Nest application, or the URL of a route of it that needs a session. */
export type TestNode = INestApplicationContext | string;

/**
 * Sees that a session has ended, on every node: an application must not find it, nor list it among its user's, and a URL
 * must answer 401. Asks each of them now, without waiting: what was acknowledged holds at once.
 * @throws AssertionError naming the nodes that still accept it, or did not say
 */
export async function expectRevokedEverywhere(login: TestLogin, nodes: readonly TestNode[]): Promise<void> {
  if (nodes.length === 0) throw new TypeError('expectRevokedEverywhere needs at least one node.');
  const found = await Promise.all(
    nodes.map(async (node, index) => {
      const complaint = await (typeof node === 'string' ? askOverHttp(node, login) : lookInto(node, login));
      return complaint === undefined
        ? []
        : [`${typeof node === 'string' ? node : `node ${index}`} ${complaint}`];
    }),
  );
  const complaints = found.flat();
  if (complaints.length === 0) return;
  throw new AssertionError({
    message: `The session of ${login.userId} has not ended everywhere: ${complaints.join('; ')}.`,
    actual: complaints,
    expected: [],
    operator: 'expectRevokedEverywhere',
    stackStartFn: expectRevokedEverywhere,
  });
}

async function askOverHttp(url: string, { headers }: TestLogin): Promise<string | undefined> {
  const response = await fetch(url, { headers, redirect: 'manual' });
  await response.body?.cancel();
  return response.status === 401 ? undefined : `answers ${response.status}`;
}

async function lookInto(app: INestApplicationContext, login: TestLogin): Promise<string | undefined> {
  const { secrets, cookie } = app.get<ResolvedSessionOptions>(SESSION_OPTIONS, { strict: false });
  const { engine } = app.get<RedisSessionStore>(SESSION_STORE, { strict: false });
  const { cookie: header, authorization } = login.headers;
  const token =
    authorization === undefined
      ? tokenInCookie(header, cookie.name, secrets)
      : verifyBearerToken(authorization.slice('Bearer '.length), secrets);
  if (token === undefined) return 'does not know its signature, which says nothing about the session';
  if (await engine.load(token)) return 'accepts it';
  const listed = await app.get(SessionService, { strict: false }).list(login.userId);
  return listed.some(({ id }) => id === login.sessionId) ? 'lists it' : undefined;
}
