import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { HttpDrain } from '../src/http/index.js';
import { SessionSockets, SessionStreams } from '../src/session/index.js';
import { PASSWORD, startApp } from './support/app.js';
import { CookieClient, type BearerClient } from './support/clients.js';
import { credentialOf, EventReader } from './support/event-reader.js';
import { type LiveNodes, startLiveNodes } from './support/live-nodes.js';
import { expectProblem } from './support/problems.js';
import { commandsDuring } from './support/redis-commands.js';
import { poll } from './support/redis-process.js';

const FRONT_END = 'https://app.example.com';

describe('a stream of events', () => {
  let nodes: LiveNodes;
  let ada: CookieClient | BearerClient;
  beforeAll(async () => {
    nodes = await startLiveNodes({
      ALLOWED_ORIGINS: FRONT_END,
      SESSION_WEB_IDLE: '5s',
      TOUCH_INTERVAL: '100ms',
    });
  });
  afterAll(() => nodes.close());
  afterEach(() => nodes.closeStreams());
  const streams = () => nodes.near.app.get(SessionStreams, { strict: false });
  const ask = async (headers: Record<string, string> = {}) => {
    const response = await EventReader.ask(`${nodes.near.url}/auth/events`, {
      ...(await credentialOf(ada)),
      ...headers,
    });
    response.destroy();
    return response;
  };

  it('is opened no more than eight times in one session, and does not count for another one', async () => {
    ada = await nodes.login('ada', 'bearer');
    const opened = await Promise.allSettled(Array.from({ length: 12 }, () => nodes.watch(ada)));
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
    const refused = await new CookieClient(nodes.near.url).get('/auth/events', {
      headers: await credentialOf(ada),
    });
    expectProblem(refused, 'TOO_MANY_CONNECTIONS');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await nodes.watch(await nodes.login('ada', 'bearer'));
    await nodes.closeStreams();
    await nodes.watch(ada);
  });

  it('counts towards what a node has while it is being opened', async () => {
    ada = await nodes.login('ada', 'bearer');
    const sockets = nodes.near.app.get(SessionSockets, { strict: false });
    const follow = sockets.follow.bind(sockets);
    let settled = 0;
    // Nobody has come in before all have asked.
    const begun = jest.spyOn(sockets, 'follow').mockImplementation(async (req) => {
      settled += 1;
      await poll(() => Promise.resolve(settled === 5));
      return follow(req);
    });
    const counted = streams() as unknown as { count: number };
    counted.count += 9_997;
    try {
      const answers = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const { statusCode } = await ask();
          if (statusCode !== 200) settled += 1;
          return statusCode;
        }),
      );
      expect(answers.sort()).toEqual([200, 200, 200, 503, 503]);
    } finally {
      counted.count -= 9_997;
      begun.mockRestore();
    }
  });

  it('costs two reads, and is no use of the session: it ends when nobody uses it, open or not', async () => {
    ada = await nodes.login('ada');
    await nodes.watch(ada);
    await delay(300);
    const commands = await commandsDuring(nodes.redis, async () => {
      await nodes.watch(ada);
      // A touch would come behind the answer.
      await delay(300);
    });
    const asked = commands.map((command) => command.split(' ')[0]?.toLowerCase());
    // Beside what each node asks by itself, now and then.
    expect(asked.filter((name) => name !== 'ping' && name !== 'time')).toEqual(['mget', 'mget']);
    const stream = await nodes.watch(ada);
    for (let i = 0; i < 8 && !stream.isOver; i += 1) {
      (await nodes.watch(ada).catch(() => undefined))?.close();
      await delay(300);
    }
    expect((await stream.until('ended')).data).toEqual({ code: 'SESSION_ENDED', reason: 'expired' });
  });

  it('answers HEAD with its headers alone', async () => {
    ada = await nodes.login('ada', 'bearer');
    const response = await fetch(`${nodes.near.url}/auth/events`, {
      method: 'HEAD',
      headers: await credentialOf(ada),
    });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/event-stream',
      '',
    ]);
    expect(streams().size).toBe(0);
    // An answer that ends is where a touch would be sent.
    await delay(300);
    const commands = await commandsDuring(nodes.redis, async () => {
      await ada.request('HEAD', '/auth/events');
      await delay(300);
    });
    expect(commands.filter((command) => !/^(mget|ping|time)/i.test(command))).toEqual([]);
  });

  it('is understood by who speaks HTTP/1.0', async () => {
    ada = await nodes.login('ada', 'bearer');
    const socket = connect(Number(new URL(nodes.near.url).port), '127.0.0.1');
    socket.setEncoding('utf8');
    const { authorization = '' } = await credentialOf(ada);
    socket.write(`GET /auth/events HTTP/1.0\r\nHost: test\r\nAuthorization: ${authorization}\r\n\r\n`);
    let text = '';
    socket.on('data', (chunk: string) => (text += chunk));
    await poll(() => Promise.resolve(text.includes('event: ready')));
    expect(text).toMatch(/\r\n\r\nretry: 1000\n\nevent: ready\ndata: \{\}\n\n$/);
    expect(text).not.toMatch(/transfer-encoding/i);
    const closed = once(socket, 'close');
    await ada.post('/auth/logout');
    await closed;
    expect(text).toContain('"reason":"logout"');
  });

  it('may be read by the pages of known front ends, and by no others', async () => {
    ada = await nodes.login('ada', 'bearer');
    const known = await ask({ origin: FRONT_END });
    expect([known.statusCode, known.headers['access-control-allow-origin']]).toEqual([200, FRONT_END]);
    const foreign = await ask({ origin: 'https://evil.example' });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    expect(foreign.headers['cross-origin-resource-policy']).toBe('same-origin');
  });

  it('is cut when its client does not read', async () => {
    ada = await nodes.login('ada', 'bearer');
    const request = await EventReader.ask(`${nodes.near.url}/auth/events`, await credentialOf(ada));
    request.on('error', () => undefined);
    // Nobody reads it: what is sent stays in the buffers of the connection, which have an end.
    await poll(() => Promise.resolve(streams().size === 1));
    const [stream] = [
      ...(streams() as unknown as { all(): { send(event: string, data: object): void }[] }).all(),
    ];
    for (let i = 0; i < 2_000 && streams().size === 1; i += 1) {
      stream?.send('filler', { text: 'x'.repeat(16_000) });
      if (i % 50 === 0) await delay(1);
    }
    const { size } = streams();
    request.destroy();
    expect(size).toBe(0);
  });
});

describe('streams of events at the end of the program', () => {
  it('end at once with a time to come back after, and so does who comes then', async () => {
    const program = await startApp();
    await program.createUser({ email: 'ada@example.com' });
    const client = new CookieClient(program.url);
    await client.post('/auth/login', { email: 'ada@example.com', password: PASSWORD });
    const headers = await credentialOf(client);
    const readers = await Promise.all(
      [1, 2, 3].map(() => EventReader.open(`${program.url}/auth/events`, headers)),
    );
    await Promise.all(readers.map((reader) => reader.until('ready')));
    const startMs = performance.now();
    const drained = program.app.get(HttpDrain).drain({ idleGraceMs: 500, deadlineMs: 8_000 });
    await Promise.all(readers.map((reader) => reader.over()));
    await drained;
    // Not cut at the deadline.
    expect(performance.now() - startMs).toBeLessThan(5_000);
    for (const reader of readers) {
      expect(reader.retryMs).toBeGreaterThanOrEqual(250);
      expect(reader.retryMs).toBeLessThanOrEqual(3_000);
      expect(reader.events.map(({ event }) => event)).toEqual(['ready']);
    }
    await program.close();
  });
});
