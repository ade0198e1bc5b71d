import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { parseEnv } from '../src/config/index.js';
import { closeRedisClient, createRedisClient, RedisBoot } from '../src/redis/index.js';
import { startCluster, type TestCluster } from './support/redis-cluster.js';
import { freePorts } from './support/redis-process.js';
import { type SentinelNode, startSentinel, type TestSentinel } from './support/redis-sentinel.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { makeCertificates, type TestCertificates } from './support/tls.js';

const LOGIN = 'tests:tests';

beforeEach(() => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Looks at a Redis as the program does at its start. */
function look(url: string, { production = true, ...settings }: Record<string, string | boolean> = {}) {
  const env = parseEnv({
    REDIS_URL: url,
    SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
    SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
    ...(settings as Record<string, string>),
  });
  const boot = new RedisBoot(createRedisClient(env.redis), env.redis, production as boolean);
  return { boot, close: () => closeRedisClient(boot.client) };
}

/** Resolves with what a command answers when the Redis is fit; rejects with why it is not. */
async function boot(url: string, settings: Record<string, string | boolean> = {}): Promise<string | null> {
  const first = look(url, settings);
  try {
    await first.boot.checked;
    await first.boot.client.set('lk:looked', 'at');
    return await first.boot.client.get('lk:looked');
  } finally {
    await first.close();
    expect(first.boot.client.status).not.toBe('ready');
  }
}

/** What is said of a Redis that is not there within 0.3 s. */
async function complaint(url: string, settings: Record<string, string> = {}): Promise<string> {
  const first = look(url, settings);
  const there = await first.boot.within(300);
  await first.close();
  return there ? 'it is there' : first.boot.unreachable(300).message;
}

const withLogin = (url: string, login: string) => url.replace('://', `://${login}@`);

describe('a single server at start', () => {
  let redis: TestRedis;
  let port: number;
  let certificates: TestCertificates;
  beforeAll(async () => {
    certificates = makeCertificates();
    [port] = (await freePorts(1)) as [number];
    redis = await startRedis([
      '--requirepass',
      'the-password',
      '--tls-port',
      String(port),
      ...certificates.args(),
    ]);
  });
  afterAll(async () => {
    await redis.stop();
    certificates.remove();
  });
  const unix = (login: string) => `unix://${login}@${redis.socket}`;
  const encrypted = () => ({
    REDIS_TLS_CA: certificates.ca,
    REDIS_TLS_CERT: certificates.cert,
    REDIS_TLS_KEY: certificates.key,
  });

  it('is taken when the password of the default user, or user and password, are right', async () => {
    expect(await boot(unix(':the-password'))).toBe('at');
    expect(await boot(unix(LOGIN))).toBe('at');
    const connections = await redis.client().client('LIST');
    expect(String(connections).trim().split('\n')).toHaveLength(1);
  });

  it.each(['tests:wrong', ':wrong', 'nobody:tests'])('is refused with the credentials %s', async (login) => {
    await expect(boot(unix(login))).rejects.toThrow(
      `Redis at unix:${redis.socket} refuses the credentials. Check user and password in REDIS_URL.`,
    );
  });

  it('is refused without the credentials that it wants', async () => {
    await expect(boot(redis.url)).rejects.toThrow(/refuses the credentials/);
  });

  it('is named when nobody answers there', async () => {
    expect(await complaint('unix:/nowhere/redis.sock')).toMatch(
      /^Redis at unix:\/nowhere\/redis\.sock was not ready within 0\.3 s: .*ENOENT.*\. Start it, or set REDIS_URL/,
    );
  });

  it('is waited for when it starts a moment later', async () => {
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    await redis.kill();
    const booted = boot(unix(LOGIN));
    await redis.restart();
    expect(await booted).toBe('at');
    expect(log.mock.calls).toEqual([['Redis answers again']]);
  });

  it('is refused in production when it may evict sessions, and warned of in development', async () => {
    const admin = redis.client();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      await expect(boot(unix(LOGIN))).rejects.toThrow(
        /maxmemory-policy allkeys-lru.*Set "maxmemory-policy noeviction"/,
      );
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      expect(await boot(unix(LOGIN), { production: false })).toBe('at');
      expect(warn.mock.calls[0]?.[0]).toMatch(/maxmemory-policy allkeys-lru/);
    } finally {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });

  it('is reached over TLS, with a certificate on both sides, by address and by name', async () => {
    expect(await boot(`rediss://${LOGIN}@127.0.0.1:${port}`, encrypted())).toBe('at');
    expect(await boot(`rediss://${LOGIN}@localhost:${port}`, encrypted())).toBe('at');
  });

  it('is refused when its certificate is not trusted, or is for another name', async () => {
    await expect(boot(`rediss://${LOGIN}@127.0.0.1:${port}`)).rejects.toThrow(
      /The certificate of Redis at rediss:\/\/127\.0\.0\.1:\d+ is not trusted: .* Set REDIS_TLS_CA/,
    );
    await expect(boot(`rediss://${LOGIN}@127.0.0.2:${port}`, encrypted())).rejects.toThrow(/not trusted/);
  });

  it('is refused when it wants a certificate of the client', async () => {
    await expect(
      boot(`rediss://${LOGIN}@127.0.0.1:${port}`, { REDIS_TLS_CA: certificates.ca }),
    ).rejects.toThrow(/takes no client without a certificate that it trusts\. Set REDIS_TLS_CERT/);
  });
});

describe('a primary behind sentinels at start', () => {
  let sentinel: TestSentinel;
  beforeAll(async () => {
    sentinel = await startSentinel({ sentinelPassword: 'watch', args: ['--requirepass', 'the-password'] });
  });
  afterAll(() => sentinel.stop());
  const PASSWORD = { REDIS_SENTINEL_PASSWORD: 'watch' };

  it('is found and taken', async () => {
    expect(await boot(withLogin(sentinel.url, LOGIN), PASSWORD)).toBe('at');
  });

  it('is refused with credentials that are wrong, there or at the sentinels', async () => {
    await expect(boot(withLogin(sentinel.url, 'tests:wrong'), PASSWORD)).rejects.toThrow(
      /refuses the credentials\. Check user and password in REDIS_URL/,
    );
    await expect(boot(withLogin(sentinel.url, LOGIN), { REDIS_SENTINEL_PASSWORD: 'wrong' })).rejects.toThrow(
      /refuses the credentials\. Check REDIS_SENTINEL_USER and REDIS_SENTINEL_PASSWORD/,
    );
  });

  it('is named when the sentinels do not know it', async () => {
    const url = withLogin(sentinel.url, LOGIN).replace('the-primary', 'another');
    expect(await complaint(url, PASSWORD)).toMatch(/No such master with that name/);
  });

  it('is refused when the URL names a replica, or a sentinel as if it were a server', async () => {
    const [primary, replica] = sentinel.servers as [SentinelNode, SentinelNode];
    await expect(boot(`redis://${LOGIN}@127.0.0.1:${replica.port}`)).rejects.toThrow(
      `is a replica of 127.0.0.1:${primary.port} and takes no writes. REDIS_URL must name the primary`,
    );
    const [one] = sentinel.sentinels as [SentinelNode];
    await expect(boot(`redis://:watch@127.0.0.1:${one.port}`)).rejects.toThrow(/is a sentinel\./);
  });
});

describe('a cluster at start', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ args: ['--requirepass', 'the-password'] });
  });
  afterAll(() => cluster.stop());

  it('is taken from any of its servers', async () => {
    for (const { port } of cluster.primaries)
      expect(await boot(`redis+cluster://${LOGIN}@127.0.0.1:1,127.0.0.1:${port}`)).toBe('at');
  });

  it('is refused with credentials that are wrong', async () => {
    await expect(boot(withLogin(cluster.url, 'tests:wrong'))).rejects.toThrow(
      /refuses the credentials\. Check user and password in REDIS_URL/,
    );
  });

  it('is refused when one of its primaries may evict sessions', async () => {
    const { admin, port } = cluster.primaries[2];
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      await expect(boot(withLogin(cluster.url, LOGIN))).rejects.toThrow(
        new RegExp(`\\(127\\.0\\.0\\.1:${port}\\) has maxmemory-policy allkeys-lru`),
      );
    } finally {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });

  it('is refused as a single server, and a single server as a cluster', async () => {
    const [{ port }] = cluster.primaries;
    await expect(boot(`redis://${LOGIN}@127.0.0.1:${port}`)).rejects.toThrow(/is part of a cluster/);
    const [free] = (await freePorts(1)) as [number];
    const single = await startRedis(['--port', String(free)]);
    await expect(boot(`redis+cluster://127.0.0.1:${free}`)).rejects.toThrow(/is no cluster/);
    await single.stop();
  });
});

describe('TLS', () => {
  let certificates: TestCertificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => certificates.remove());
  const files = () => ({
    REDIS_TLS_CA: certificates.ca,
    REDIS_TLS_CERT: certificates.cert,
    REDIS_TLS_KEY: certificates.key,
  });

  it('protects the way to the sentinels and to the primary', async () => {
    const sentinel = await startSentinel({ tls: certificates });
    expect(await boot(withLogin(sentinel.url, LOGIN), files())).toBe('at');
    await sentinel.stop();
  });

  it('protects the way to every server of a cluster', async () => {
    const cluster = await startCluster({ tls: certificates });
    expect(await boot(withLogin(cluster.url, LOGIN), files())).toBe('at');
    await cluster.stop();
  });
});
