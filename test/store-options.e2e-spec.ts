import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { createSessionId, RedisSessionStore } from '../src/session/index.js';

const INDEX_KEY = 'index-key-of-the-store-option-specification';

describe('the options of RedisSessionStore', () => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis({ lazyConnect: true });
  });
  afterAll(() => client.disconnect());

  const make = (options: object) => () => new RedisSessionStore({ client, ...options });
  const userId = () => undefined;

  it('need nothing but a client', () => {
    expect(make({})).not.toThrow();
    const cluster = new Cluster([{ port: 1 }], { lazyConnect: true });
    expect(make({ client: cluster })).not.toThrow();
    cluster.disconnect();
  });

  it.each<[string, object, RegExp]>([
    ['no client', { client: undefined }, /client must be an ioredis Redis or Cluster/],
    [
      'a client of node-redis',
      { client: { scanIterator: () => undefined, get: () => undefined } },
      /for node-redis, open a second connection/,
    ],
    [
      'a client that prefixes keys',
      { client: new Redis({ lazyConnect: true, keyPrefix: 'x:' }) },
      /put it into the option prefix instead/,
    ],
    [
      'a misspelt option',
      { idleTimeoutMS: 1 },
      /idleTimeoutMS: there is no such option; is idleTimeoutMs meant/,
    ],
    ['a prefix that is no text', { prefix: 1 }, /prefix must be a string/],
    ['a ttl of nothing', { ttl: 0 }, /ttl must be a positive number of seconds/],
    [
      'a serializer without parse',
      { serializer: { stringify: JSON.stringify } },
      /serializer must parse what it stringified/,
    ],
    [
      'a serializer that answers later',
      { serializer: { stringify: JSON.stringify, parse: async (t: string) => JSON.parse(t) as unknown } },
      /neither may return a promise/,
    ],
    [
      'a serializer that makes bytes',
      { serializer: { stringify: (v: unknown) => Buffer.from(JSON.stringify(v)), parse: JSON.parse } },
      /serializer must parse/,
    ],
    ['users without an index', { userId }, /userId needs indexKeys/],
    ['a userId that is no function', { userId: 'ada', indexKeys: [INDEX_KEY] }, /userId must be a function/],
    ['no index key', { indexKeys: [] }, /indexKeys must be an array of at least one secret/],
    ['a short index key', { indexKeys: [INDEX_KEY, 'short'] }, /each of 32 characters or more/],
    ['one index key instead of a ring', { indexKeys: INDEX_KEY }, /indexKeys must be an array/],
    ['an idle timeout in the past', { idleTimeoutMs: -1 }, /idleTimeoutMs must be a positive number/],
    [
      'an absolute timeout of no end',
      { absoluteTimeoutMs: Infinity },
      /absoluteTimeoutMs must be a positive number/,
    ],
    [
      'an idle timeout above the absolute one',
      { idleTimeoutMs: 2, absoluteTimeoutMs: 1 },
      /must not be above absoluteTimeoutMs/,
    ],
    [
      'a touch interval that is no number',
      { touchIntervalMs: '1m' },
      /touchIntervalMs must be a number of milliseconds/,
    ],
    ['half a session', { maxSessions: 0.5 }, /maxSessions must be a whole number/],
    [
      'a limit policy of its own',
      { limitPolicy: 'evict' },
      /limitPolicy must be 'evict-lru', 'evict-oldest' or 'reject'/,
    ],
    ['no room', { maxSessionBytes: 0 }, /maxSessionBytes must be a positive number/],
    ['another word for untaggedIds', { untaggedIds: true }, /untaggedIds must be 'refuse' or 'index'/],
    ['untagged ids without users', { untaggedIds: 'index' }, /untaggedIds: 'index' needs userId/],
    ['an observer that hears nothing', { observer: {} }, /observer must be a SessionObserver/],
    ['disableTTL of connect-redis', { disableTTL: true }, /every session ends\. Set absoluteTimeoutMs/],
    ['disableTouch of connect-redis', { disableTouch: true }, /set absoluteTimeoutMs to their lifetime/],
  ])('refuse %s and say what to do', (_name, options, message) => {
    expect(make(options)).toThrow(message);
    expect(make(options)).toThrow(TypeError);
  });

  it('report every problem at once, and no value', () => {
    const attempt = make({ prefix: 7, indexKeys: ['a short secret'], maxSessions: -1 });
    expect(attempt).toThrow(/prefix.*\n.*indexKeys.*\n.*maxSessions/);
    expect(attempt).not.toThrow(/a short secret/);
  });

  it('let createSessionId say what it lacks', () => {
    expect(() => createSessionId('ada')).toThrow(/there is no store with index keys yet/);
    expect(() => createSessionId('ada', { indexKeys: ['short'] })).toThrow(/each of 32 characters or more/);
    expect(() => make({})().createSessionId('ada')).toThrow(
      /needs a store with the options userId and indexKeys/,
    );
    make({ userId, indexKeys: [INDEX_KEY] })();
    expect(createSessionId('ada')).toMatch(/^[\w-]{16}\.[\w-]{32}$/);
    make({ userId, indexKeys: [INDEX_KEY.toUpperCase()] })();
    expect(() => createSessionId('ada')).toThrow(/have different index keys/);
    expect(createSessionId()).toMatch(/^[\w-]{32}$/);
  });
});
