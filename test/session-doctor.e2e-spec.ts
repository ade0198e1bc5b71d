import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import {
  SESSION_STORE,
  SessionDoctor,
  SessionStoreUnavailableError,
  type RedisSessionStore,
} from '../src/session/index.js';
import { startAdminApp, type AdminApp } from './support/admin-app.js';
import type { CookieClient } from './support/clients.js';

let program: AdminApp;
let redis: Redis;
let doctor: SessionDoctor;
let record: string;
let index: string;
let digest: string;
let client: CookieClient;
let people = 0;

beforeAll(async () => {
  program = await startAdminApp({ redisMayBreak: true });
  redis = program.redis.client();
  doctor = new SessionDoctor(program.app.get<RedisSessionStore>(SESSION_STORE, { strict: false }));
});
afterAll(() => program.close());

/** One sound session of a new user, and where it lies. */
beforeEach(async () => {
  const before = await redis.keys('lk:sess:{*');
  people += 1;
  const { clients } = await program.person(`patient-${people}@example.com`);
  client = clients[0] as CookieClient;
  record = (await redis.keys('lk:sess:{*')).find((key) => !before.includes(key)) as string;
  digest = record.slice(record.lastIndexOf(':') + 1);
  index = record.slice(0, record.lastIndexOf(':')).replace('sess:', 'idx:');
});

async function found(options: { repair?: boolean } = {}): Promise<Record<string, number>> {
  const { findings } = await doctor.examine(options);
  return Object.fromEntries(Object.entries(findings).filter(([, count]) => count > 0));
}

const isLoggedIn = async () => (await client.get('/auth/session')).status === 200;

describe('SessionDoctor.examine', () => {
  it('counts what it has looked at, and finds nothing wrong with it', async () => {
    const records = (await redis.keys('lk:sess:{*')).length;
    const indexes = (await redis.keys('lk:idx:{*')).length;
    expect(await doctor.examine()).toMatchObject({ records, indexes, repaired: 0 });
    expect(await found()).toEqual({});
  });

  it('ends by its last use a session that had no end', async () => {
    await redis.persist(record);
    expect(await found()).toEqual({ 'record-without-ttl': 1 });
    expect(await found({ repair: true })).toEqual({ 'record-without-ttl': 1 });
    const ttlMs = await redis.pttl(record);
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(30 * 60_000);
    expect(await found()).toEqual({});
    expect(await isLoggedIn()).toBe(true);
  });

  it('deletes a session without end whose idle timeout is over', async () => {
    const raw = (await redis.get(record)) as string;
    const touched = String(Date.now() - 31 * 60_000).padStart(13, '0');
    await redis.set(record, raw[0] + touched + raw.slice(14));
    await found({ repair: true });
    expect(await redis.exists(record, index)).toBe(0);
    expect(await isLoggedIn()).toBe(false);
  });

  it('puts a session back into the index of its user', async () => {
    await redis.del(index);
    expect(await found({ repair: true })).toEqual({ 'record-not-indexed': 1 });
    expect(await redis.zrange(index, '0', '-1')).toEqual([digest]);
    expect(await redis.pttl(index)).toBeGreaterThan(await redis.pttl(record));
    expect((await client.get('/auth/sessions')).body.total).toBe(1);
    expect(await found()).toEqual({});
  });

  it('rebuilds an index that is something else', async () => {
    await redis.set(index, 'no sorted set');
    expect(await found()).toEqual({ 'index-corrupt': 1, 'record-not-indexed': 1 });
    await found({ repair: true });
    expect(await redis.zrange(index, '0', '-1')).toEqual([digest]);
    expect(await found()).toEqual({});
  });

  it('corrects the expiry by the index', async () => {
    await redis.zadd(index, Date.now() + 5_000, digest);
    expect(await found({ repair: true })).toEqual({ 'score-differs': 1 });
    const ttlMs = await redis.pttl(record);
    expect(Math.abs(Number(await redis.zscore(index, digest)) - Date.now() - ttlMs)).toBeLessThan(1_000);
  });

  it('lets an index live as long as a session in it', async () => {
    await redis.pexpire(index, 60_000);
    expect(await found({ repair: true })).toEqual({ 'index-expires-early': 1 });
    expect(await redis.pttl(index)).toBeGreaterThanOrEqual(await redis.pttl(record));
    await redis.persist(index);
    expect(await found({ repair: true })).toEqual({ 'index-without-ttl': 1 });
    expect(await redis.pttl(index)).toBeGreaterThanOrEqual(await redis.pttl(record));
    expect(await found()).toEqual({});
  });

  it('takes out index entries that promise a session where there is none, and leaves those alone whose time is over', async () => {
    await redis.zadd(index, Date.now() + 60_000, 'x'.repeat(43), Date.now() - 60_000, 'y'.repeat(43));
    expect(await found({ repair: true })).toEqual({ 'member-without-record': 1 });
    expect((await redis.zrange(index, '0', '-1')).sort()).toEqual([digest, 'y'.repeat(43)].sort());
  });

  it('takes away what no request would accept: unreadable, revoked, beyond its absolute expiry', async () => {
    const raw = (await redis.get(record)) as string;
    const sibling = (name: string) => record.slice(0, -digest.length) + name.repeat(43);
    await redis.set(sibling('a'), 'no record', 'PX', 60_000);
    await redis.hset(sibling('b'), 'no', 'string');
    await redis.set(
      sibling('c'),
      `${raw.slice(0, 14)}${'1'.padStart(13, '0')}${raw.slice(27)}`,
      'PX',
      60_000,
    );
    await redis.set(
      record.replace(/\{.*$/, `{${'v'.repeat(15)}}:${'v'.repeat(43)}`),
      'no record',
      'PX',
      60_000,
    );
    expect(await found()).toEqual({ 'record-corrupt': 3, 'record-dead': 1 });
    expect(await doctor.examine({ repair: true })).toMatchObject({ repaired: 4 });
    expect(await redis.exists(sibling('a'), sibling('b'), sibling('c'))).toBe(0);
    const { quarantine } = await doctor.examine();
    const kept = (key: string) => key.replace('sess:', 'quarantine:');
    expect(quarantine.count).toBe(3);
    expect(quarantine.records).toContainEqual({
      key: kept(sibling('b')),
      type: 'hash',
      keptUntil: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await redis.get(kept(sibling('a')))).toBe('no record');
    expect(await found()).toEqual({});

    await redis.set(index.replace('idx:', 'gen:'), String(Date.now() + 1_000), 'PX', 60_000);
    expect(await found({ repair: true })).toEqual({ 'record-dead': 1 });
    expect(await redis.exists(record, index)).toBe(0);
  });

  it('leaves alone what another format version wrote', async () => {
    await redis.set(record, '2 whatever a later version writes', 'KEEPTTL');
    expect(await found({ repair: true })).toEqual({ 'record-of-other-version': 1 });
    expect(await redis.get(record)).toBe('2 whatever a later version writes');
    expect(await redis.zrange(index, '0', '-1')).toEqual([digest]);
    await redis.del(record, index);
  });

  it('reports the record of a user who does not own its key, and leaves it alone', async () => {
    const raw = (await redis.get(record)) as string;
    const foreign = `lk:sess:{${'z'.repeat(16)}}:${'z'.repeat(43)}`;
    await redis.set(foreign, raw, 'PX', 60_000);
    expect(await found({ repair: true })).toEqual({ 'record-foreign': 1 });
    expect(await redis.exists(foreign)).toBe(1);
    await redis.del(foreign);
  });

  it('says that Redis does not answer rather than that all is well', async () => {
    await program.redis.kill();
    await expect(doctor.examine()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
    await expect(doctor.inspect('anybody', 'any')).rejects.toBeInstanceOf(SessionStoreUnavailableError);
  });
});
