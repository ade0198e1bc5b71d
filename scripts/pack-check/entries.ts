// The package's other entries, latchkey/ws and latchkey/testing, as a host's tests use them. Argument: redis-server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SessionModule, SessionService, type SocketSession } from 'latchkey';
import { expectRevokedEverywhere, loginAs, recordCommands, startRedisServer } from 'latchkey/testing';
import { ConnectedSession, SessionWsAdapter } from 'latchkey/ws';

const redis = await startRedisServer({ program: process.argv[2] ?? 'redis-server' });

@WebSocketGateway({ path: '/socket' })
class Gateway {
  @SubscribeMessage('who')
  who(@ConnectedSession() session: SocketSession): string {
    return session.userId;
  }
}

@Module({
  imports: [
    SessionModule.forRoot({
      client: redis.client(),
      secrets: ['a secret of the package check, made of words'],
      indexKeys: ['an index key of the package check, likewise'],
      cookie: { name: 'sid', secure: false },
    }),
  ],
  providers: [Gateway],
})
class HostModule {}

const app = await NestFactory.create(HostModule, { logger: ['error'] });
const origin = 'https://shop.example';
app.useWebSocketAdapter(new SessionWsAdapter(app, { origins: [origin] }));
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as AddressInfo;

/** The status of an upgrade request, and its connection when there is one. */
async function upgrade(headers: Record<string, string>) {
  const handshake = {
    ...{ connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };
  const request = get({ host: '127.0.0.1', port, path: '/socket', headers: { ...handshake, ...headers } });
  return new Promise<{ status: number | undefined; closed?: Promise<unknown> }>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', ({ statusCode: status }) => resolve({ status }));
    request.on('upgrade', ({ statusCode: status }, socket) => {
      resolve({ status, closed: once(socket.resume(), 'close') });
    });
  });
}

const login = await loginAs(app, 'ada', { origin, data: { cart: ['tea'] } });
assert.equal((await upgrade({})).status, 401);
assert.equal((await upgrade({ ...login.headers, origin: 'https://evil.example' })).status, 403);
const { status, closed } = await upgrade(login.headers);
assert.equal(status, 101);
const sessions = app.get(SessionService);
const recorder = await recordCommands(redis);
const commands = await recorder.during(() => sessions.revokeAll('ada'));
assert.ok(commands.includes('evalsha') || commands.includes('eval'));
await expectRevokedEverywhere(login, [app]);
await closed;
await app.close();
await redis.stop();
