import { Body, Controller, Get, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import type { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';
import { ProblemFilter } from '../../src/problem/index.js';
import { SessionModule, SessionService } from '../../src/session/index.js';
import { cookieOf, INDEX_KEY, SECRET } from './session-host.js';

const BODY_LIMIT_BYTES = 1_000_000;

const assign = (target: object, values: object): void => {
  for (const [key, value] of Object.entries(values))
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
};

/** The worst of hosts: puts every member of a body, whatever its name, into the session. */
@Controller()
class AssigningController {
  constructor(private readonly sessions: SessionService) {}

  @Post('assign')
  assign(@Req() req: Request, @Body() body: object) {
    assign(req.session, body);
    return {};
  }

  @Post('update')
  async update(@Req() req: Request, @Body() body: object) {
    await this.sessions.updateCurrent(req, (data) => assign(data, body));
    return {};
  }

  @Get('data')
  data(@Req() req: Request) {
    return Object.fromEntries(Object.entries(req.session).filter(([key]) => key !== 'cookie'));
  }
}

export interface AssigningHost {
  url: string;
  /** A visitor's session that holds `{ seed: 1 }`, as a Cookie header. */
  visitor(): Promise<string>;
  send(method: string, path: string, cookie: string, json?: string): Promise<Response>;
  close(): Promise<void>;
}

export async function startAssigningHost(client: Redis): Promise<AssigningHost> {
  @Module({
    imports: [
      SessionModule.forRoot({
        client,
        secrets: [SECRET],
        indexKeys: [INDEX_KEY],
        cookie: { name: 'sid', secure: false },
        isGlobal: true,
        maxSessionBytes: BODY_LIMIT_BYTES / 2,
      }),
    ],
    controllers: [AssigningController],
  })
  class HostModule {}
  const app = await NestFactory.create<NestExpressApplication>(HostModule, {
    bodyParser: false,
    logger: false,
  });
  app.useBodyParser('json', { limit: BODY_LIMIT_BYTES });
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const send: AssigningHost['send'] = (method, path, cookie, json) =>
    fetch(url + path, {
      method,
      headers: { cookie, ...(json !== undefined && { 'content-type': 'application/json' }) },
      body: json,
    });
  return {
    url,
    send,
    visitor: async () => cookieOf(await send('POST', '/assign', '', '{"seed":1}')),
    close: () => app.close(),
  };
}
