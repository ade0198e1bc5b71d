import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AuthService } from '../src/auth/index.js';
import { SessionStreams } from '../src/session/index.js';
import { PASSWORD } from './support/app.js';
import type { BearerClient, CookieClient } from './support/clients.js';
import { type EventReader } from './support/event-reader.js';
import { type LiveNodes, startLiveNodes } from './support/live-nodes.js';
import { deleteEach } from './support/delete-keys.js';
import { poll } from './support/redis-process.js';
import { storedSessions } from './support/stored-sessions.js';

type Client = CookieClient | BearerClient;

const NEW_PASSWORD = 'ten small goats on a roof';
// The contract says one second; a busy machine gets some more.
const SOON_MS = 2_500;

describe('GET /auth/events', () => {
  let nodes: LiveNodes;
  let people = 0;
  let name: string;
  beforeAll(async () => {
    nodes = await startLiveNodes({ SESSION_LIMIT: '3', SESSION_WEB_IDLE: '1h' });
  });
  afterAll(() => nodes.close());

  const somebody = async (): Promise<Client> => nodes.login((name = `person-${(people += 1)}`));
  const handleOf = async (client: Client): Promise<string> =>
    ((await client.get('/auth/session')).body as { session: { id: string } }).session.id;
  /** The stream's words about its end, and that it has closed within a second. */
  const endOf = async (stream: EventReader, act: () => Promise<unknown>): Promise<unknown> => {
    const startMs = performance.now();
    await act();
    const { data } = await stream.until('ended');
    await stream.over();
    expect(performance.now() - startMs).toBeLessThan(SOON_MS);
    return data;
  };
  const because = (reason: string) => ({ code: 'SESSION_ENDED', reason });

  describe('says why its session has ended, on another node:', () => {
    it('logout', async () => {
      const client = await somebody();
      const stream = await nodes.watch(client);
      expect(await endOf(stream, () => client.post('/auth/logout'))).toEqual(because('logout'));
    });

    it('revoked-by-owner, one of them', async () => {
      const client = await somebody();
      const other = await nodes.login(name);
      const stream = await nodes.watch(other);
      const id = await handleOf(other);
      expect(await endOf(stream, () => client.delete(`/auth/sessions/${id}`))).toEqual(
        because('revoked-by-owner'),
      );
    });

    it('revoked-by-owner, all the others, and the one that stays goes on', async () => {
      const client = await somebody();
      const stays = await nodes.watch(client);
      const stream = await nodes.watch(await nodes.login(name, 'bearer'));
      expect(await endOf(stream, () => client.delete('/auth/sessions'))).toEqual(because('revoked-by-owner'));
      await stays.until('sessions');
      expect(stays.isOver).toBe(false);
      // What was said of all the others does not stick to this one.
      const all = () => nodes.near.admin.delete(`/admin/users/${nodes.idOf(name)}/sessions`);
      expect(await endOf(stays, all)).toEqual(because('revoked-by-admin'));
    });

    it('revoked-by-admin, one and all', async () => {
      const client = await somebody();
      const streams = [await nodes.watch(client), await nodes.watch(await nodes.login(name))] as const;
      const sessions = `/admin/users/${nodes.idOf(name)}/sessions`;
      const id = await handleOf(client);
      const one = () => nodes.near.admin.delete(`${sessions}/${id}`);
      expect(await endOf(streams[0], one)).toEqual(because('revoked-by-admin'));
      expect(streams[1].isOver).toBe(false);
      const all = () => nodes.near.admin.delete(sessions);
      expect(await endOf(streams[1], all)).toEqual(because('revoked-by-admin'));
    });

    it('password-changed, and moved for the session that changed it', async () => {
      const client = await somebody();
      const moved = await nodes.watch(client);
      const stream = await nodes.watch(await nodes.login(name));
      const change = () =>
        client.put('/auth/password', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
      expect(await endOf(stream, change)).toEqual(because('password-changed'));
      expect((await moved.until('ended')).data).toEqual(because('moved'));
      await nodes.watch(client);
    });

    it('password-changed, by whoever may without being logged in', async () => {
      const stream = await nodes.watch(await somebody());
      const reset = () =>
        nodes.far.app.get(AuthService, { strict: false }).setPassword(nodes.idOf(name), NEW_PASSWORD);
      expect(await endOf(stream, reset)).toEqual(because('password-changed'));
    });

    it('moved by a re-authentication', async () => {
      const client = await somebody();
      const stream = await nodes.watch(client);
      const again = () => client.post('/auth/reauthenticate', { password: PASSWORD });
      expect(await endOf(stream, again)).toEqual(because('moved'));
    });

    it('moved by a login in the same browser', async () => {
      const client = await somebody();
      const stream = await nodes.watch(client);
      const login = () => client.post('/auth/login', { email: `${name}@example.com`, password: PASSWORD });
      expect(await endOf(stream, login)).toEqual(because('moved'));
    });

    it('failed-reauthentication', async () => {
      const client = await somebody();
      const stream = await nodes.watch(client);
      const guess = async () => {
        for (let i = 0; i < 5; i += 1) await client.post('/auth/reauthenticate', { password: 'wrong' });
      };
      expect(await endOf(stream, guess)).toEqual(because('failed-reauthentication'));
    });

    it('disabled', async () => {
      const stream = await nodes.watch(await somebody());
      const disable = () => nodes.near.admin.patch(`/admin/users/${nodes.idOf(name)}`, { disabled: true });
      expect(await endOf(stream, disable)).toEqual(because('disabled'));
    });

    it('evicted, and only the session that had to go', async () => {
      const streams = [await nodes.watch(await somebody())];
      for (let i = 0; i < 2; i += 1) streams.push(await nodes.watch(await nodes.login(name)));
      expect(await endOf(streams[0] as EventReader, () => nodes.login(name))).toEqual(because('evicted'));
      expect(streams.map(({ isOver }) => isOver)).toEqual([true, false, false]);
    });

    it('everyone', async () => {
      const stream = await nodes.watch(await somebody());
      expect(await endOf(stream, () => nodes.near.admin.delete('/admin/sessions'))).toEqual(
        because('everyone'),
      );
    });

    it('unknown, where nobody has said', async () => {
      const stream = await nodes.watch(await somebody());
      const redis = nodes.redis.client();
      const stored = await storedSessions(redis);
      const wipe = async () => {
        await deleteEach(
          redis,
          stored.map(({ key }) => key),
        );
        // Nothing tells of that; a word about something else makes the watch look.
        for (const { key } of stored)
          await redis.publish('lk:ended', `${/\{(.*)\}/.exec(key)?.[1]} principal`);
      };
      expect(await endOf(stream, wipe)).toEqual(because('unknown'));
      await nodes.near.admin.post('/auth/login', { email: 'root@example.com', password: PASSWORD });
    });
  });

  it('tells of a login elsewhere and of the end of another session, and not of other people', async () => {
    const client = await somebody();
    const stream = await nodes.watch(client);
    const other = await nodes.login(name);
    expect((await stream.until('sessions')).data).toEqual({});
    await other.post('/auth/logout');
    await stream.until('sessions');
    await nodes.login('somebody-else');
    const { length } = stream.events;
    await client.post('/auth/logout');
    await stream.until('ended');
    expect(stream.events.slice(length).map(({ event }) => event)).toEqual(['ended']);
  });

  it('tells of a change of roles', async () => {
    const stream = await nodes.watch(await somebody());
    await nodes.near.admin.patch(`/admin/users/${nodes.idOf(name)}`, { roles: ['support'] });
    expect((await stream.until('principal')).data).toEqual({});
    expect(stream.isOver).toBe(false);
  });

  it('begins with what a browser needs to come back, and is not to be kept or collected by anybody', async () => {
    const stream = await nodes.watch(await somebody());
    expect(stream.retryMs).toBe(1_000);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(stream.response.headers['set-cookie']).toBeUndefined();
  });

  it('is nothing any more when its client has gone', async () => {
    const streams = nodes.near.app.get(SessionStreams, { strict: false });
    const stream = await nodes.watch(await somebody());
    const { size } = streams;
    stream.close();
    await poll(() => Promise.resolve(streams.size === size - 1));
  });
});
