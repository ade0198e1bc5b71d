import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { startProgram, type RunningProgram } from './support/program.js';
import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

jest.setTimeout(30_000);

describe('the end of the program', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let url: string;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => program.dispose());
  afterAll(() => redis.stop());

  const start = async (): Promise<void> => {
    program = await startProgram({ ...redis.settings, PORT: '0' });
    url = (await program.line(/Latchkey\s+(http:\S+)/))[1] as string;
  };
  /** A connection whose request has begun: its last byte comes when the test says so. */
  const beginRegistration = async (email: string): Promise<{ socket: Socket; finish: () => void }> => {
    const body = JSON.stringify({ email, password: 'nine small goats on a roof' });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    const head = [
      'POST /auth/register HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    // Node has it as soon as the answer to the request before it, on the same connection, has come.
    socket.write(
      `GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n${head.join('\r\n')}\r\n\r\n${body.slice(0, -1)}`,
    );
    await once(socket, 'data');
    return { socket, finish: () => socket.write(body.slice(-1)) };
  };
  const get = async (agent: Agent, path: string): Promise<IncomingMessage> => {
    const [response] = (await once(request(`${url}${path}`, { agent }).end(), 'response')) as [
      IncomingMessage,
    ];
    return response;
  };

  it('finishes what is under way, tells balancers, lets nobody new in, and leaves nothing open', async () => {
    await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    (await get(agent, '/health/ready')).resume();
    const { socket, finish } = await beginRegistration('late@example.com');
    const answer = text(socket);
    const startMs = performance.now();
    program.signal('SIGTERM');
    await program.line(/finishing what is under way/);

    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    const ready = await get(agent, '/health/ready');
    expect([ready.statusCode, ready.headers.connection]).toEqual([503, 'close']);
    expect(JSON.parse(await text(ready))).toMatchObject({ status: 'draining' });
    finish();
    const [head = '', body = ''] = (await answer).split('\r\n\r\n').slice(-2);
    expect(head).toMatch(/HTTP\/1\.1 201/);
    expect(head).toMatch(/\r\nConnection: close(\r\n|$)/i);
    expect(JSON.parse(body)).toMatchObject({ user: { email: 'late@example.com' } });

    const { code, atMs } = await program.ended;
    expect(code).toBe(0);
    expect(atMs - startMs).toBeLessThan(10_000);
    // Redis notices a moment later that a connection is closed.
    const behind = redis.client();
    await poll(async () => !String(await behind.client('LIST')).includes(' user=default '));
    agent.destroy();
  });

  it('takes a signal that arrives twice at the same moment for one', async () => {
    await start();
    program.signal('SIGINT');
    program.signal('SIGINT');
    expect((await program.ended).code).toBe(0);
  });

  it('goes at once when it is told a second time', async () => {
    await start();
    const { socket } = await beginRegistration('twice@example.com');
    socket.on('error', () => undefined);
    program.signal('SIGINT');
    await program.line(/finishing what is under way/);
    // Long enough not to be the same key press, which reaches a process twice under npm.
    await delay(700);
    const startMs = performance.now();
    program.signal('SIGINT');
    const { code, atMs } = await program.ended;
    expect(code).toBe(1);
    expect(atMs - startMs).toBeLessThan(1_000);
  });

  it('says in one line what is wrong with the settings, and exits with 1', async () => {
    program = await startProgram({ REDIS_URL: 'http://x', SESSION_LIMIT: '0' });
    expect((await program.ended).code).toBe(1);
    expect(program.output).toEqual([
      'The settings cannot be used:',
      expect.stringMatching(/^ {2}REDIS_URL: must be /),
      expect.stringMatching(/^ {2}SESSION_LIMIT: must be /),
    ]);
  });

  it('names settings that are none, with the one that may be meant, and refuses them in production', async () => {
    program = await startProgram({ ...redis.settings, PORT: '0', SESSION_LIMITS: '3' });
    await program.line(/^Warning: SESSION_LIMITS is no setting; is SESSION_LIMIT meant\?/);
    await program.line(/Latchkey\s+(http:\S+)/);
    await program.dispose();

    program = await startProgram({ NODE_ENV: 'production', ...redis.settings, SESSION_LIMITS: '3' });
    expect((await program.ended).code).toBe(1);
    expect(program.output).toContain('  SESSION_LIMITS: is no setting; is SESSION_LIMIT meant?');
  });

  it('says which setting to change when the port for metrics is taken, and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    program = await startProgram({ ...redis.settings, PORT: '0', METRICS_PORT: String(port) });
    expect((await program.ended).code).toBe(1);
    expect(program.output.join('\n')).toContain(
      `Port ${port} of 127.0.0.1 (set as METRICS_PORT) is taken by another program. End that one, or set METRICS_PORT to a free port.`,
    );
    other.close();
  });

  it('comes, in order, when its launcher is killed, which can tell it nothing any more', async () => {
    program = await startProgram({ ...redis.settings, PORT: '0' }, { launched: true });
    await program.line(/Latchkey\s+(http:\S+)/);
    program.abandon();
    await program.line(/"msg":"ended"/);
    expect((await program.ended).code).toBe(0);
  });
});
