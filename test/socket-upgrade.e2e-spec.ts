import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import { signBearerToken } from '../src/session/token/bearer-token.js';
import { signCookie, tokenInCookie } from '../src/session/token/signed-cookie.js';
import { recordCommands } from './support/command-recorder.js';
import { sendRaw } from './support/raw-http.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf, SECRET } from './support/session-host.js';
import { openSocket, refusedUpgrade } from './support/socket-client.js';
import { ORIGIN, type SocketHost, startSocketHost } from './support/socket-host.js';

describe('the upgrade to a WebSocket', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SocketHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startSocketHost(client);
  });
  afterEach(() => host.close());

  it('is made for a page of a known origin with the cookie of a live session', async () => {
    const headers = await host.login();
    const socket = await openSocket(host.socketUrl, headers);
    const [session] = await host.sessions.list('ada');
    expect(await socket.ask('who')).toEqual({
      ...{ userId: 'ada', sessionId: session?.id, transport: 'cookie', profile: 'web', roles: [] },
    });
    expect(host.sockets.size).toBe(1);
    socket.close();
  });

  it('is cut, not answered, while the answer to an earlier request of the connection is under way', async () => {
    const { cookie } = await host.login();
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const bytes = [
      ...['POST /count HTTP/1.1', 'Host: a', `Cookie: ${cookie}`, 'Content-Length: 0', '', ''],
      ...[
        'GET /socket HTTP/1.1',
        'Host: a',
        ...upgrade,
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '',
        '',
      ],
    ];
    await sendRaw(host.url, bytes.join('\r\n'));
    // And nobody else is the worse for it.
    const socket = await openSocket(host.socketUrl, await host.login());
    expect(await socket.ask('who')).toMatchObject({ userId: 'ada' });
    socket.close();
  });

  it('is made for an app with a bearer token, which has no origin', async () => {
    const socket = await openSocket(host.socketUrl, await host.bearer());
    expect(await socket.ask('who')).toMatchObject({ userId: 'ada', transport: 'bearer', profile: 'bearer' });
    socket.close();
  });

  it('does not count as use, and costs one command', async () => {
    const headers = await host.login();
    const first = await openSocket(host.socketUrl, headers);
    const [before] = await host.sessions.list('ada');
    const recorder = await recordCommands(redis);
    const commands = await recorder.during(async () => {
      (await openSocket(host.socketUrl, headers)).close();
    });
    expect(commands.filter((name) => name !== 'ping')).toEqual(['mget']);
    const [after] = await host.sessions.list('ada');
    expect(after?.lastSeenAt).toBe(before?.lastSeenAt);
    first.close();
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { origin: 'https://evil.example' }],
    ['a subdomain that it does not know', { origin: 'https://www.game.example.com' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a page that does not say where it is from', {}],
    ['another site that hides its origin', { 'sec-fetch-site': 'cross-site' }],
  ])('is refused to %s, with the cookie of a live session, before Redis is asked', async (_, from) => {
    const { cookie } = await host.login();
    const recorder = await recordCommands(redis);
    const commands = await recorder.during(async () => {
      const answer = await refusedUpgrade(host.socketUrl, { cookie, ...from });
      expect([answer.status, answer.body.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    });
    expect(commands).toEqual([]);
    expect(host.sockets.size).toBe(0);
  });

  it('is refused without a live session, as a problem, without a word about why', async () => {
    const { cookie } = await host.login();
    const forged = `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`;
    const visitor = cookieOf(await host.call('/visit'));
    const ended = await host.login();
    await host.call('/logout', ended);
    const bearer = await host.bearer();
    const token = bearer.authorization.slice('Bearer '.length);
    const attempts: Record<string, string>[] = [
      { origin: ORIGIN },
      { origin: ORIGIN, cookie: forged },
      { origin: ORIGIN, cookie: visitor },
      ended,
      { origin: ORIGIN, cookie: `sid=${token}` },
      { authorization: `${bearer.authorization}x` },
      { authorization: `Bearer ${decodeURIComponent(cookie.slice('sid='.length))}` },
    ];
    for (const headers of attempts) {
      const answer = await refusedUpgrade(host.socketUrl, headers);
      expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toBe(
        'authorization' in headers ? 'Bearer error="invalid_token"' : 'Bearer',
      );
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    const byUrl = `${host.socketUrl}?access_token=${token}&sid=${cookie.slice('sid='.length)}`;
    expect((await refusedUpgrade(byUrl, { origin: ORIGIN })).status).toBe(401);
    expect(host.sockets.size).toBe(0);
  });

  it('is refused to a token that is signed for the other transport than its session has', async () => {
    const bearer = (await host.bearer()).authorization.slice('Bearer lk_'.length);
    const { cookie } = await host.login();
    const tokens = {
      ofBearer: bearer.slice(0, bearer.lastIndexOf('.')),
      ofCookie: tokenInCookie(cookie, 'sid', [SECRET]) as string,
    };
    const asCookie = { origin: ORIGIN, cookie: `sid=${signCookie(tokens.ofBearer, SECRET)}` };
    expect((await refusedUpgrade(host.socketUrl, asCookie)).status).toBe(401);
    const asBearer = { authorization: `Bearer ${signBearerToken(tokens.ofCookie, SECRET)}` };
    expect((await refusedUpgrade(host.socketUrl, asBearer)).status).toBe(401);
    expect(host.sockets.size).toBe(0);
  });

  it('is refused when a cookie and a token come together', async () => {
    const answer = await refusedUpgrade(host.socketUrl, {
      ...(await host.login()),
      ...(await host.bearer()),
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'AMBIGUOUS_CREDENTIALS']);
  });

  it('forgets a session whose handshake turns out to be none', async () => {
    const headers = await host.login();
    const answer = await fetch(host.socketUrl, { headers });
    expect(answer.status).toBe(404);
    const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'none' };
    const [response] = (await once(
      get(host.socketUrl, { headers: { ...headers, ...upgrade } }),
      'response',
    )) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(400);
    await once(response, 'close');
    expect(host.sockets.size).toBe(0);
  });
});

describe('an application without sockets', () => {
  it('opens no connection for them', async () => {
    const redis = await startRedis();
    const client = redis.client();
    const host = await startSocketHost(client);
    await host.login();
    const clients = String(await client.client('LIST')).split('\n');
    // Sentinels talk to each other by their servers.
    expect(clients.filter((line) => / sub=[1-9]/.test(line) && !/ name=sentinel-/.test(line))).toEqual([]);
    await host.close();
    await redis.stop();
  });
});
