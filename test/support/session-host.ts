import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import {
  Controller,
  Get,
  Inject,
  type INestApplication,
  Module,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { Cluster, Redis } from 'ioredis';
import { ProblemFilter } from '../../src/problem/index.js';
import { Gate } from '../../src/testing/gate.js';
import {
  applySessionRoute,
  NoTouch,
  presentedCredential,
  requestSession,
  SessionModule,
  type SessionModuleOptions,
  SessionPolicy,
  type SessionPrincipal,
  SessionService,
} from '../../src/session/index.js';

export const SECRET = 'a-cookie-secret-of-the-specifications';
export const INDEX_KEY = 'an-index-key-of-the-specifications-00';

export const userNamed = (id: string, roles: string[] = []): SessionPrincipal => ({
  id,
  email: `${id}@example.com`,
  displayName: null,
  roles,
  disabled: false,
  createdAt: '2026-01-01T00:00:00.000Z',
});

type Data = { cart?: string[]; note?: string; n?: number };
const dataOf = (req: Request) => req.session as unknown as Data;

@Injectable()
class RouteGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    applySessionRoute(this.reflector, context);
    return true;
  }
}

function hostController(gate: Gate) {
  @Controller()
  @UseGuards(RouteGuard)
  class HostController {
    constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

    @Post('login')
    async login(@Req() req: Request, @Query() query: Record<string, string>) {
      const principal = userNamed(query['user'] ?? 'ada', query['role'] ? [query['role']] : []);
      const ticket = await this.sessions.takeTicket(principal.id);
      await gate.pass();
      const transport = query['transport'] === 'bearer' ? 'bearer' : 'cookie';
      return this.sessions.establish(req, {
        principal,
        ticket,
        transport,
        revokeSessionId: query['revokeSessionId'],
      });
    }

    @Get('me')
    me(@Req() req: Request) {
      return {
        user: requestSession(req)?.userId ?? null,
        credential: presentedCredential(req),
        ...dataOf(req),
      };
    }

    @Get('poll')
    @NoTouch()
    poll(@Req() req: Request) {
      return { user: requestSession(req)?.userId ?? null };
    }

    @Post('cart')
    async add(@Req() req: Request, @Query('item') item: string) {
      dataOf(req).cart = [...(dataOf(req).cart ?? []), item];
      await gate.pass();
      return { cart: dataOf(req).cart };
    }

    @Post('strict')
    @SessionPolicy('strict')
    async strict(@Req() req: Request, @Query('note') note: string) {
      dataOf(req).note = note;
      await gate.pass();
      return {};
    }

    @Post('readonly')
    @SessionPolicy('readonly')
    readonly(@Req() req: Request) {
      dataOf(req).note = 'not kept';
      return {};
    }

    @Get('redirect')
    redirect(@Req() req: Request, @Res() res: Response) {
      dataOf(req).note = 'redirected';
      res.redirect('/me');
    }

    @Get('stream')
    async stream(@Req() req: Request, @Res() res: Response) {
      dataOf(req).note = 'streamed';
      res.write('a'.repeat(1000));
      await gate.pass();
      res.write('b'.repeat(1000));
      res.end('c');
    }

    @Get('late')
    async late(@Req() req: Request, @Res() res: Response) {
      res.flushHeaders();
      res.write('early');
      dataOf(req).note = 'too late';
      await gate.pass();
      res.end('end');
    }

    @Get('steps')
    steps(@Req() req: Request, @Res() res: Response) {
      dataOf(req).note = 'one';
      res.write('one ');
      dataOf(req).note = 'two';
      res.end('two');
    }

    @Post('rotate')
    async rotate(@Req() req: Request) {
      await gate.pass();
      return this.sessions.rotate(req, { revokeOthers: true });
    }

    @Post('regenerate')
    async regenerate(@Req() req: Request) {
      await gate.pass();
      await promisify((done: (error?: unknown) => void) => req.session.regenerate(done))();
      dataOf(req).note = 'regenerated';
      return {};
    }

    @Post('logout')
    async logout(@Req() req: Request) {
      return { ended: (await this.sessions.end(req)) !== null };
    }

    @Post('count')
    async count(@Req() req: Request) {
      await this.sessions.updateCurrent(req, (data) => {
        data['n'] = Number(data['n'] ?? 0) + 1;
      });
      return { n: dataOf(req).n };
    }

    /** A host that trusts its clients too much: they name the members and give them. */
    @Post('assign')
    async assign(@Req() req: Request, @Query('json') json: string) {
      await this.sessions.updateCurrent(req, (data) => {
        Object.assign(data, JSON.parse(json));
      });
      return {};
    }
  }
  return HostController;
}

export interface MeAnswer extends Data {
  user: string | null;
  credential: string;
}

/** A foreign Nest application around SessionModule, listening, with the calls a client makes. */
export interface SessionHost {
  url: string;
  sessions: SessionService;
  gate: Gate;
  call(method: string, path: string, headers?: Record<string, string>): Promise<globalThis.Response>;
  /** Logs in and returns the Cookie header. */
  login(query?: string, cookie?: string): Promise<string>;
  me(headers: Record<string, string>): Promise<MeAnswer>;
  close(): Promise<void>;
}

export async function startSessionHost(
  client: Redis | Cluster,
  options: Partial<SessionModuleOptions> = {},
  prepare: (app: INestApplication) => unknown = () => undefined,
): Promise<SessionHost> {
  const gate = new Gate();
  @Module({
    imports: [
      SessionModule.forRoot({
        client,
        secrets: [SECRET],
        indexKeys: [INDEX_KEY],
        cookie: { name: 'sid', secure: false },
        carryOver: ['cart'],
        ...options,
      }),
    ],
    controllers: [hostController(gate)],
  })
  class HostModule {}
  const app = await NestFactory.create(HostModule, { logger: false });
  app.useGlobalFilters(new ProblemFilter());
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const call: SessionHost['call'] = (method, path, headers = {}) =>
    fetch(url + path, { method, headers, redirect: 'manual' });
  return {
    url,
    sessions: app.get(SessionService),
    gate,
    call,
    login: async (query = '', cookie = '') =>
      cookieOf(await call('POST', `/login?${query}`, cookie ? { cookie } : {})),
    me: async (headers) => (await (await call('GET', '/me', headers)).json()) as MeAnswer,
    close: () => app.close(),
  };
}

/** The Cookie header that a browser would send after this answer. */
export function cookieOf(response: globalThis.Response): string {
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

export async function codeOf(response: globalThis.Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}
