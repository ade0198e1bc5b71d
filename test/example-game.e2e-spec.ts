import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BearerClient, CookieClient } from './support/clients.js';
import { EXAMPLE_TIMEOUT_MS, type RunningExample, startExample } from './support/example.js';
import { freePorts } from './support/redis-process.js';
import { closedSoon, openSocket, refusedUpgrade, type TestSocket } from './support/socket-client.js';

const SESSION_ENDED = { code: 4401, reason: 'SESSION_ENDED' };
const STEPS = 25;

describe('the example game, on two nodes', () => {
  let game: RunningExample;
  let second: string;
  let referee: string;

  beforeAll(async () => {
    const [port] = await freePorts(1);
    second = `http://127.0.0.1:${port}`;
    game = await startExample('game', { SECOND_PORT: String(port) });
    await game.line(new RegExp(`at ${game.url};`));
    const [, key = ''] = await game.line(new RegExp(`at ${second}; the referee's key is (\\w+)`));
    referee = key;
  }, EXAMPLE_TIMEOUT_MS);

  afterAll(async () => {
    expect(await game.stop()).toEqual({ code: 0, left: [] });
  });

  /** A player with a socket to each node. */
  const join = async (name: string) => {
    const app = new BearerClient(game.url);
    const { body } = await app.post('/players', { name, transport: 'bearer' });
    const { id, token } = body as { id: string; token: string };
    app.token = token;
    const headers = { authorization: `Bearer ${token}` };
    const urls = [game.url, second].map((node) => `${node}/play`) as [string, string];
    const sockets = await Promise.all(urls.map((url) => openSocket(url, headers)));
    return { id, app, headers, urls, sockets: sockets as [TestSocket, TestSocket] };
  };

  it('loses no step of a player who moves over two connections to two nodes', async () => {
    const { sockets } = await join('ada');
    await Promise.all(
      sockets.map(async (socket) => {
        for (let i = 0; i < STEPS; i++) await socket.ask('move', { dx: 1, dy: i % 2 ? 1 : -1 });
      }),
    );
    expect(await sockets[0].ask('look')).toEqual({ x: 2 * STEPS, y: -2 });
    for (const socket of sockets) socket.close();
  });

  it('closes the connections of a player who is kicked, on both nodes, and lets him in no more', async () => {
    const { id, headers, urls, sockets } = await join('eve');
    const other = await join('bob');
    const kick = (key: string) =>
      new BearerClient(second).delete(`/players/${id}`, { headers: { 'x-referee-key': key } });
    expect((await kick('guessed')).status).toBe(403);
    expect((await kick(referee)).body).toMatchObject({ revoked: 1 });
    expect(await Promise.all(sockets.map((socket) => closedSoon(socket)))).toEqual([
      SESSION_ENDED,
      SESSION_ENDED,
    ]);
    expect((await refusedUpgrade(urls[0], headers)).status).toBe(401);
    expect(await other.sockets[1].ask('look')).toEqual({ x: 0, y: 0 });
    for (const socket of other.sockets) socket.close();
  });

  it('closes the connections of a player who leaves', async () => {
    const { app, sockets } = await join('cleo');
    expect((await app.delete('/players/me')).status).toBe(204);
    expect(await Promise.all(sockets.map((socket) => closedSoon(socket)))).toEqual([
      SESSION_ENDED,
      SESSION_ENDED,
    ]);
  });

  it("opens none for a page of another site with a player's cookie", async () => {
    const browser = new CookieClient(game.url);
    await browser.post('/players', { name: 'dora' });
    const cookie = `sid=${await browser.cookie()}`;
    const url = `${game.url}/play`;
    const answer = await refusedUpgrade(url, { cookie, origin: 'https://evil.example' });
    expect([answer.status, answer.body.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    (await openSocket(url, { cookie, origin: game.url })).close();
  });
});
