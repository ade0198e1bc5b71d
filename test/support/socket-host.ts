import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  ForbiddenException,
  HttpCode,
  type INestApplication,
  Inject,
  Module,
  Post,
  Query,
  Req,
  UseFilters,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import type { Request } from 'express';
import type { Cluster, Redis } from 'ioredis';

import { ProblemFilter } from '../../src/problem/index.js';
import {
  SessionConflictError,
  SessionStoreUnavailableError,
  type RedisSessionStore,
  SESSION_STORE,
  SessionModule,
  type SessionModuleOptions,
  SessionService,
  SessionSockets,
  type SocketEnding,
  type SocketSession,
} from '../../src/session/index.js';
import { ConnectedSession, SessionWsAdapter, WsProblemFilter } from '../../src/ws/index.js';
import { cookieOf, INDEX_KEY, SECRET, userNamed } from './session-host.js';

@Controller()
class HostController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Post('login')
  async login(@Req() req: Request, @Query('user') user = 'ada', @Query('transport') transport?: string) {
    const ticket = await this.sessions.takeTicket(user);
    return this.sessions.establish(req, {
      principal: userNamed(user),
      ticket,
      transport: transport === 'bearer' ? 'bearer' : 'cookie',
    });
  }

  @Post('visit')
  visit(@Req() req: Request) {
    (req.session as unknown as { cart: string[] }).cart = ['tea'];
    return {};
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Req() req: Request): Promise<void> {
    await this.sessions.end(req);
  }

  @Post('rotate')
  async rotate(@Req() req: Request) {
    return this.sessions.rotate(req);
  }

  @Post('shorten')
  shorten(@Req() req: Request) {
    req.session.cookie.maxAge = 500;
    return {};
  }

  @Post('count')
  async count(@Req() req: Request) {
    await this.sessions.updateCurrent(req, increment);
    return {};
  }
}

const increment = (data: Record<string, unknown>) => {
  data['n'] = Number(data['n'] ?? 0) + 1;
};

const handled: unknown[] = [];

const FAILURES: Record<string, Error> = {
  conflict: new SessionConflictError(),
  away: new SessionStoreUnavailableError(),
  forbidden: new ForbiddenException('what the host says'),
  own: new WsException({ status: 'error', message: 'as the host likes it' }),
};

@UseFilters(new WsProblemFilter())
@WebSocketGateway({ path: '/socket' })
class HostGateway {
  @SubscribeMessage('who')
  who(@ConnectedSession() session: SocketSession) {
    const { userId, sessionId, transport, profile, principal } = session;
    return { event: 'who', data: { userId, sessionId, transport, profile, roles: principal.roles } };
  }

  @SubscribeMessage('note')
  note(@MessageBody() data: unknown) {
    handled.push(data);
    return { event: 'note', data: handled.length };
  }

  @SubscribeMessage('count')
  async count(@ConnectedSession() session: SocketSession) {
    return { event: 'count', data: await session.update(increment) };
  }

  @SubscribeMessage('read')
  async read(@ConnectedSession() session: SocketSession) {
    return { event: 'read', data: await session.read() };
  }

  @SubscribeMessage('fail')
  fail(@MessageBody() what: string): never {
    throw FAILURES[what] ?? new Error(`a fault with ${SECRET} in it`);
  }

  @SubscribeMessage('touch')
  async touch(@ConnectedSession() session: SocketSession) {
    await session.touch();
    return { event: 'touch', data: session.view().expiresAt };
  }
}

/** One node of a foreign application with sessions and a WebSocket gateway at `/socket`. */
export interface SocketHost {
  url: string;
  /** Where its sockets are. */
  socketUrl: string;
  sessions: SessionService;
  sockets: SessionSockets;
  store: RedisSessionStore;
  /** What its gateway was told with `note`, on any node of this process. */
  handled: unknown[];
  call(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Logs in. @returns the headers of an upgrade by a page of this host */
  login(query?: string): Promise<{ cookie: string; origin: string }>;
  /** Logs in as an app does. @returns the headers of its requests */
  bearer(user?: string): Promise<{ authorization: string }>;
  close(): Promise<void>;
}

/** The origin of the pages that the host knows. */
export const ORIGIN = 'https://game.example.com';

const onGateways = (app: INestApplication): void => {
  app.useWebSocketAdapter(new SessionWsAdapter(app, { origins: [ORIGIN] }));
};

/** @param serve serves its sockets in another way than by Nest's gateways */
export async function startSocketHost(
  client: Redis | Cluster,
  options: Partial<SessionModuleOptions> = {},
  serve = onGateways,
): Promise<SocketHost> {
  handled.length = 0;
  @Module({
    imports: [
      SessionModule.forRoot({
        client,
        secrets: [SECRET],
        indexKeys: [INDEX_KEY],
        cookie: { name: 'sid', secure: false },
        ...options,
      }),
    ],
    controllers: [HostController],
    providers: serve === onGateways ? [HostGateway] : [],
  })
  class HostModule {}
  const app = await NestFactory.create(HostModule, { logger: false });
  app.useGlobalFilters(new ProblemFilter());
  serve(app);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const call: SocketHost['call'] = (path, headers = {}) => fetch(url + path, { method: 'POST', headers });
  return {
    url,
    socketUrl: `${url}/socket`,
    sessions: app.get(SessionService),
    sockets: app.get(SessionSockets),
    store: app.get<RedisSessionStore>(SESSION_STORE),
    handled,
    call,
    login: async (query = '') => ({ cookie: cookieOf(await call(`/login?${query}`)), origin: ORIGIN }),
    bearer: async (user = 'ada') => {
      const { token } = (await (await call(`/login?transport=bearer&user=${user}`)).json()) as {
        token: string;
      };
      return { authorization: `Bearer ${token}` };
    },
    close: () => app.close(),
  };
}

/** A connection with a session, and no bytes: what `socketGate` gives whoever serves connections of any kind. */
export function openSession(host: SocketHost, headers: Record<string, string>): Promise<SocketSession> {
  return host.sockets.open({ headers, rawHeaders: [] } as unknown as IncomingMessage);
}

/** Resolves with how it ended, and when: `performance.now()`. */
export function endOf(session: SocketSession): Promise<SocketEnding & { atMs: number }> {
  return new Promise((resolve) => session.onEnd((ending) => resolve({ ...ending, atMs: performance.now() })));
}

/** Whether somebody listens on every primary to what ends. */
export async function isHeard(client: Redis): Promise<boolean> {
  const clients = String(await client.client('LIST')).split('\n');
  const serversOf = (lines: string[]) =>
    new Set(lines.flatMap((line) => / laddr=(\S+)/.exec(line)?.[1] ?? []));
  // Sentinels talk to each other by their servers.
  const listen = clients.filter((line) => / sub=[1-9]/.test(line) && !/ name=sentinel-/.test(line));
  return serversOf(listen).size === serversOf(clients).size;
}
