import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, NotFoundException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ProblemException } from './problem.exception.js';
import { ProblemFilter } from './problem.filter.js';

type Handler = (req: IncomingMessage & { app?: unknown; originalUrl?: string }, res: ServerResponse) => void;

describe('ProblemFilter', () => {
  const filter = new ProblemFilter();
  let server: Server;
  let handler: Handler;
  let url: string;

  beforeEach(async () => {
    server = createServer((req, res) => handler(req, res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await new Promise((resolve) => server.close(resolve));
  });

  const answering = (error: unknown): Handler => {
    return (req, res) => {
      Object.assign(req, { id: 'request-1' });
      filter.catch(error, new ExecutionContextHost([req, res]));
    };
  };

  it('answers problem+json with the request id, and never lets it be cached', async () => {
    handler = answering(new ProblemException('TOO_MANY_ATTEMPTS', { retryAfterSeconds: 30 }));
    const answer = await fetch(url);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(await answer.json()).toMatchObject({ code: 'TOO_MANY_ATTEMPTS', requestId: 'request-1' });
  });

  it('says nothing about the cause of a 500, and logs it without the arguments of the command', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const redisError = Object.assign(new Error('ERR of redis'), {
      command: { args: ['the-digest'] },
      code: 'EREDIS',
    });
    handler = answering(new Error('outer', { cause: redisError }));
    const body = await (await fetch(url)).text();
    expect(JSON.parse(body)).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' });
    expect(body).not.toMatch(/outer|redis/);
    const logged = String(log.mock.calls[0]?.[0]);
    expect(logged).toMatch(/request request-1: Error: outer/);
    expect(logged).toMatch(/caused by: Error: ERR of redis[^]*\[EREDIS\]/);
    expect(logged).not.toMatch(/the-digest/);
  });

  it('logs one line without a stack for a 503, and nothing for a 4xx', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    handler = answering(
      new ProblemException('SESSION_STORE_UNAVAILABLE', { cause: new Error('Command timed out') }),
    );
    await fetch(url);
    handler = answering(new ProblemException('FORBIDDEN'));
    await fetch(url);
    expect(error).not.toHaveBeenCalled();
    expect(warn.mock.calls).toEqual([['SESSION_STORE_UNAVAILABLE, request request-1: Command timed out']]);
  });

  it('logs an outage of thousands of requests in a line every ten seconds, and how many there were', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000_000);
    handler = answering(new ProblemException('DATABASE_UNAVAILABLE', { cause: new Error('away') }));
    for (let i = 0; i < 4; i += 1) await fetch(url);
    handler = answering(new ProblemException('LOGIN_BUSY'));
    await fetch(url);
    now.mockReturnValue(1_010_000);
    handler = answering(new ProblemException('DATABASE_UNAVAILABLE', { cause: new Error('away') }));
    await fetch(url);
    expect(warn.mock.calls.map(([line]) => String(line).replace(/: LOGIN.*|: The .*/, ''))).toEqual([
      'DATABASE_UNAVAILABLE, request request-1: away',
      expect.stringMatching(/^LOGIN_BUSY, request request-1/),
      'DATABASE_UNAVAILABLE, request request-1: away (and 3 more since the last of these lines)',
    ]);
  });

  it.each([401, 503])('drops Set-Cookie from a %d', async (status) => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    handler = (req, res) => {
      res.setHeader('Set-Cookie', 'sid=; Max-Age=0');
      const code = status === 401 ? 'UNAUTHENTICATED' : 'SESSION_STORE_UNAVAILABLE';
      filter.catch(new ProblemException(code), new ExecutionContextHost([req, res]));
    };
    const answer = await fetch(url);
    expect(answer.status).toBe(status);
    expect(answer.headers.has('set-cookie')).toBe(false);
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
  });

  it('calls a token invalid only when one was sent and it was refused', async () => {
    const challenge = async (code: 'UNAUTHENTICATED' | 'INVALID_CREDENTIALS', authorization: string) => {
      handler = answering(new ProblemException(code));
      return (await fetch(url, { headers: { authorization } })).headers.get('www-authenticate');
    };
    expect(await challenge('UNAUTHENTICATED', 'Bearer lk_x')).toBe('Bearer error="invalid_token"');
    expect(await challenge('UNAUTHENTICATED', 'Basic eDp5')).toBe('Bearer');
    expect(await challenge('INVALID_CREDENTIALS', 'Bearer lk_x')).toBe('Bearer');
  });

  it('cuts the connection when the answer has already begun', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    handler = (req, res) => {
      res.writeHead(200, { 'Content-Length': '10' });
      res.write('12345', () => filter.catch(new Error('late'), new ExecutionContextHost([req, res])));
    };
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  });

  it('turns a 404 into a 405 with Allow when the address exists under another method', async () => {
    const layer = (path: string, methods: object) => ({
      match: (p: string) => p === path,
      route: { methods },
    });
    const stack = [
      layer('/a', { post: true }),
      layer('/a', { get: true }),
      layer('/b', { _all: true }),
      { match: () => true },
      { match: () => decodeURIComponent('%'), route: { methods: { put: true } } },
    ];
    const answer = async (path: string, method: string) => {
      handler = (req, res) => {
        req.app = { router: { stack } };
        req.originalUrl = req.url ?? '';
        filter.catch(new NotFoundException(), new ExecutionContextHost([req, res]));
      };
      const { status, headers } = await fetch(`${url}${path}`, { method });
      return [status, headers.get('allow')];
    };
    expect(await answer('/a?x=1', 'DELETE')).toEqual([405, 'GET, HEAD, POST']);
    expect(await answer('/a', 'POST')).toEqual([404, null]);
    expect(await answer('/b', 'POST')).toEqual([404, null]);
    expect(await answer('/c', 'GET')).toEqual([404, null]);
  });
});
