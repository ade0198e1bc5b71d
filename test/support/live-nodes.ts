import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { SessionStreams } from '../../src/session/index.js';
import { type AdminApp, startAdminApp } from './admin-app.js';
import { PASSWORD, startApp, type TestApp } from './app.js';
import { BearerClient, CookieClient } from './clients.js';
import { credentialOf, EventReader } from './event-reader.js';
import { poll } from './redis-process.js';
import { programMayOnly, startRedis, type TestRedis } from './redis-server.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Two nodes of the program on one Redis and one database, with an admin who is logged in on the first. */
export interface LiveNodes {
  near: AdminApp;
  far: TestApp;
  redis: TestRedis;
  /** Somebody of this name, logged in through the far node: the first time an account is made. */
  login(name: string, transport?: 'cookie' | 'bearer'): Promise<CookieClient | BearerClient>;
  idOf(name: string): string;
  /** A stream of this client on the near node, ready. */
  watch(
    client: CookieClient | BearerClient,
    path?: string,
    headers?: Record<string, string>,
  ): Promise<EventReader>;
  /** Closes the streams that are open. Resolves when the near node knows. */
  closeStreams(): Promise<void>;
  close(): Promise<void>;
}

export async function startLiveNodes(
  env: Record<string, string> = {},
  { mayBreak = false } = {},
): Promise<LiveNodes> {
  const directory = temporaryDirectory('lk-live-');
  const redis = await startRedis(programMayOnly(), { mayBreak });
  const settings = {
    DATABASE_URL: `sqlite:${join(directory, 'live.db')}`,
    THROTTLE_ADDRESS_FAILURES: '10000',
    ...env,
  };
  const near = await startAdminApp({ redis, env: settings });
  const far = await startApp({ redis, env: settings });
  const ids = new Map<string, string>();
  const readers: EventReader[] = [];
  const closeStreams = async (): Promise<void> => {
    for (const reader of readers.splice(0)) reader.close();
    const streams = near.app.get(SessionStreams, { strict: false });
    await poll(() => Promise.resolve(streams.size === 0));
  };
  return {
    near,
    far,
    redis,
    async login(name, transport = 'cookie') {
      const email = `${name}@example.com`;
      if (!ids.has(name)) ids.set(name, (await far.createUser({ email })).id);
      const client = transport === 'cookie' ? new CookieClient(far.url) : new BearerClient(far.url);
      const credentials = { email, password: PASSWORD };
      if (client instanceof BearerClient) await client.login(credentials);
      else await client.post('/auth/login', credentials);
      return client;
    },
    idOf: (name) => ids.get(name) ?? '',
    async watch(client, path = '/auth/events', headers = {}) {
      const reader = await EventReader.open(`${near.url}${path}`, {
        ...(await credentialOf(client)),
        ...headers,
      });
      readers.push(reader);
      await reader.until('ready');
      return reader;
    },
    closeStreams,
    async close() {
      await closeStreams();
      await far.close();
      await near.close();
      await redis.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
