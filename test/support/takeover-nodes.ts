import type { Redis } from 'ioredis';
import { LEGACY_SECRET, type LegacyApp, startLegacyApp } from './legacy-app.js';
import type { TestRedis } from './redis-server.js';
import { Gate } from '../../src/testing/gate.js';
import { INDEX_KEY, type SessionHost, startSessionHost, userNamed } from './session-host.js';

interface NodeOptions {
  indexKeys?: string[];
  client?: Redis;
  legacyClient?: Redis;
}

/** The old application and two nodes that take its sessions over, all on one Redis. */
export interface TakeoverNodes {
  legacy: LegacyApp;
  hosts: [SessionHost, SessionHost];
  /** Every takeover of a user's session passes it after it has read the old one and before it creates the new one. */
  lookUp: Gate;
  start(options: NodeOptions): Promise<SessionHost>;
  /** A client whose GETs of some keys pass that gate first. */
  slowly(passes: (key: string) => boolean): Redis;
  userOf(cookie: string, on?: SessionHost): Promise<string | null>;
  close(): Promise<void>;
}

export async function startTakeoverNodes(redis: TestRedis, client: Redis): Promise<TakeoverNodes> {
  const lookUp = new Gate();
  const started: SessionHost[] = [];
  const start = async ({ indexKeys = [INDEX_KEY], client: own = client, legacyClient }: NodeOptions) => {
    const host = await startSessionHost(own, {
      indexKeys,
      touchIntervalMs: 1,
      takeover: {
        from: 'connect-redis',
        secrets: [LEGACY_SECRET],
        client: legacyClient,
        findPrincipal: async (id) => {
          await lookUp.pass();
          return userNamed(id);
        },
      },
    });
    started.push(host);
    return host;
  };
  const slowly = (passes: (key: string) => boolean): Redis => {
    const slow = redis.client();
    slow.get = async (key: string) => {
      if (passes(key)) await lookUp.pass();
      return client.get(key);
    };
    return slow;
  };
  const legacy = await startLegacyApp(client);
  const hosts: [SessionHost, SessionHost] = [await start({}), await start({})];
  return {
    legacy,
    hosts,
    lookUp,
    start,
    slowly,
    userOf: async (cookie, on = hosts[0]) => (await on.me({ cookie })).user,
    close: async () => {
      await Promise.all([legacy.close(), ...started.map((host) => host.close())]);
    },
  };
}
