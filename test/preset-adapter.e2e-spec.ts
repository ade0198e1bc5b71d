import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Redirect, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express, { type Request, type Response } from 'express';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';

import { needsPreset, PresetExpressAdapter } from '../src/express/index.js';
import { rawRequest, sendRaw } from './support/raw-http.js';
import { makeCertificates, type TestCertificates } from './support/tls.js';

@Controller()
class Routes {
  @Get('who') who(@Req() req: Request) {
    const { protocol, secure, ip, hostname, path, query, originalUrl } = req;
    return {
      protocol,
      secure,
      ip,
      hostname,
      path,
      query,
      originalUrl,
      xhr: req.xhr,
      type: req.accepts('json'),
    };
  }
  @Get('moved') @Redirect('/who', 307) moved() {}
  @Get('error') error(): never {
    throw new Error('on purpose');
  }
  @Get('cookies') cookies(@Res() res: Response) {
    res.cookie('a', '1').cookie('b', '2').status(202).type('txt').send('cookies');
  }
  @Get('stream') stream(@Res() res: Response) {
    res.write('one,');
    res.end('two');
  }
  @Get('shape') shape(@Req() req: Request) {
    const { app, res } = req as Request & { app: { request: object; response: object } };
    const own = Object.getPrototypeOf(req) === app.request;
    return {
      own: own && Object.getPrototypeOf(res) === app.response,
      changed: changes,
      known: hasKnownShape(req) && hasKnownShape(res as object),
    };
  }
}

// Whether V8 finds members of an object by its shape; in an object that has none any more it has to look them up.
setFlagsFromString('--allow-natives-syntax');
const hasKnownShape = runInThisContext('(object) => %HasFastProperties(object)') as (
  object: object,
) => boolean;
// Compiled when it is called first.
hasKnownShape({});
setFlagsFromString('--no-allow-natives-syntax');

@Module({ controllers: [Routes] })
class Host {}

// How often a request's prototype was really changed, not set to what it was.
let changes = 0;
const setPrototypeOf = Object.setPrototypeOf;

interface Started {
  app: NestExpressApplication;
  url: string;
}

async function start(adapter: ExpressAdapter, options: object = {}): Promise<Started> {
  const app = await NestFactory.create<NestExpressApplication>(Host, adapter, { logger: false, ...options });
  app.set('trust proxy', 'loopback');
  const sub = express();
  sub.get('/inner', (req, res) => {
    res.json({
      baseUrl: req.baseUrl,
      path: req.path,
      mounted: req.app === sub,
      same: Object.getPrototypeOf(req) === (sub as unknown as { request: object }).request,
    });
  });
  app.use('/sub', sub);
  app.getHttpServer().on('upgrade', (req, socket) => {
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${req.headers.upgrade}\r\n\r\n`,
    );
  });
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}` };
}

describe('PresetExpressAdapter', () => {
  let stock: Started;
  let preset: Started;

  beforeAll(async () => {
    stock = await start(new ExpressAdapter());
    preset = await start(new PresetExpressAdapter());
  });

  afterAll(async () => {
    await Promise.all([stock.app.close(), preset.app.close()]);
  });

  const proxied = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-For': '203.0.113.9',
    'X-Forwarded-Host': 'a.example',
  };
  const ask = (target: string, headers: Record<string, string> = {}, method = 'GET') =>
    rawRequest(method, target, { Host: 'localhost', Connection: 'close', ...headers });

  it.each([
    ['a route', ask('/who?a=1&b[]=2')],
    ['a route behind a proxy', ask('/who', proxied)],
    ['an XMLHttpRequest', ask('/who', { 'X-Requested-With': 'XMLHttpRequest' })],
    ['HEAD', ask('/who', {}, 'HEAD')],
    ['a redirect', ask('/moved')],
    ['an error', ask('/error')],
    ['cookies', ask('/cookies')],
    ['a stream', ask('/stream')],
    ['an unknown path', ask('/nothing')],
    ['a mounted application', ask('/sub/inner')],
    ['a path that a mounted application does not have', ask('/sub/nothing')],
    [
      'a body',
      Buffer.concat([
        ask('/who', { 'Content-Type': 'application/json', 'Content-Length': '2' }, 'POST'),
        Buffer.from('{}'),
      ]),
    ],
    ['a request that is none', Buffer.from('NONSENSE\r\n\r\n')],
    ['HTTP/1.0', Buffer.from('GET /stream HTTP/1.0\r\n\r\n')],
    [
      'two requests in one write',
      Buffer.concat([rawRequest('GET', '/who', { Host: 'localhost' }), ask('/cookies')]),
    ],
  ])('answers %s as Nest’s own adapter does', async (_, bytes) => {
    const answers = await Promise.all([stock, preset].map(({ url }) => sendRaw(url, bytes)));
    for (const { headers } of answers) headers.delete('date');
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.answers).toBeGreaterThan(0);
  });

  it('hands upgrades on', async () => {
    const socket = connect(Number(new URL(preset.url).port), '127.0.0.1');
    socket.write(rawRequest('GET', '/', { Host: 'localhost', Connection: 'Upgrade', Upgrade: 'test' }));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 101 /);
    socket.destroy();
  });

  it('serves https', async () => {
    const certificates: TestCertificates = makeCertificates();
    const { key, cert, ca } = certificates.read();
    const { app, url } = await start(new PresetExpressAdapter(), { httpsOptions: { key, cert } });
    try {
      const req = request(`${url.replace('http:', 'https:')}/who`, { ca, servername: 'localhost' }).end();
      const [res] = (await once(req, 'response')) as [AsyncIterable<Buffer>];
      let text = '';
      for await (const chunk of res) text += chunk.toString();
      expect(JSON.parse(text)).toMatchObject({ protocol: 'https', secure: true });
    } finally {
      await app.close();
      certificates.remove();
    }
  });

  it('cuts the connections that are open when it was told to', async () => {
    const { app, url } = await start(new PresetExpressAdapter(), { forceCloseConnections: true });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(rawRequest('GET', '/who', { Host: 'localhost' }));
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await app.close();
    await closed;
  });

  it('leaves no prototype to be changed on the versions of Node that this slows down', async () => {
    Object.setPrototypeOf = (target: object, prototype: object | null) => {
      if (Object.getPrototypeOf(target) !== prototype) changes += 1;
      return setPrototypeOf(target, prototype);
    };
    try {
      const shape = async ({ url }: Started): Promise<unknown> => {
        changes = 0;
        return (await fetch(`${url}/shape`)).json();
      };
      const stockChanges = 2;
      expect(await shape(stock)).toMatchObject({ own: true, changed: stockChanges });
      const changed = needsPreset(process.versions.node) ? 0 : stockChanges;
      expect(await shape(preset)).toEqual({ own: true, changed, known: true });
    } finally {
      Object.setPrototypeOf = setPrototypeOf;
    }
  });

  it.each([
    ['20.19.0', true],
    ['22.13.1', true],
    ['24.0.0', false],
    ['26.1.0', false],
  ])('is of use on Node %s: %s', (version, expected) => {
    expect(needsPreset(version)).toBe(expected);
  });
});
