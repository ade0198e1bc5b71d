import { signBearerToken } from '../../../src/session/token/bearer-token.js';
import { signCookie } from '../../../src/session/token/signed-cookie.js';
import { SessionKeys } from '../../../src/session/store/session-keys.js';
import type { Refusal, SessionVector } from './session-vector.js';
import {
  DEFAULTS,
  fixed,
  fromNow,
  handleOf,
  HOUR,
  keyAt,
  NEWEST_KEY,
  NEWEST_SECRET,
  OLDER_KEY,
  Person,
  recordOf,
  vectorOf,
} from './vector-kit.js';

type Redis = SessionVector['redis'];

const keys = new SessionKeys(DEFAULTS.prefix);

const refused = (name: string, reason: Refusal, redis: (person: Person) => Redis): SessionVector =>
  vectorOf(name, (one) => ({ headers: [one.cookie()], redis: redis(one), expect: { refused: reason } }));

const holding = (text: (one: Person) => string) => (one: Person) => [one.record(recordOf(text(one)))];
const withUser = (one: Person, user: string) => one.body().replace(/"user":\{.*?\}\}/, `"user":${user}}`);
const withMeta = (one: Person, meta: string) =>
  one.body().replace(/"latchkey":\{.*?\}/, `"latchkey":${meta}`);
const other = (name: string) => new Person(`another one than ${name}`);

function visitor(
  name: string,
  expect: (token: string) => SessionVector['expect'],
  over: { anonymous?: boolean; bearer?: boolean; body?: string; also?: Redis } = {},
): SessionVector {
  const token = fixed(`token of ${name}`, 32);
  const body = over.body ?? '{"cookie":{"originalMaxAge":null,"path":"/"},"cart":["apple"]}';
  const cookie = `${DEFAULTS.cookieName}=${signCookie(token, NEWEST_SECRET)}`;
  return {
    name,
    ...(over.anonymous && { settings: { anonymous: true } }),
    headers: [
      over.bearer ? ['Authorization', `Bearer ${signBearerToken(token, NEWEST_SECRET)}`] : ['Cookie', cookie],
    ],
    redis: [{ ...keyAt(keys, token), value: recordOf(body) }, ...(over.also ?? [])],
    expect: expect(token),
  };
}

const nobody = (token: string): SessionVector['expect'] => ({
  session: {
    id: handleOf(token),
    principal: null,
    transport: null,
    profile: null,
    authenticatedAtMs: null,
    createdAtMs: fromNow(-120_000),
    absoluteExpiryMs: fromNow(HOUR),
    isAdmin: false,
    data: { cart: ['apple'] },
  },
});

/** Whose session it is, and what is true of that person now. */
export const vectorsOfPeople: SessionVector[] = [
  // The user and the tag.
  refused('a session of another user under this tag', 'wrong-user', (one) => [
    one.record(recordOf(other(one.name).body())),
  ]),
  refused(
    'two members passport, the last one of another user',
    'wrong-user',
    holding((one) => `${one.body().slice(0, -1)},"passport":{"user":{"id":"${other(one.name).id}"}}}`),
  ),
  vectorOf('two members passport, the first one of another user', (one) => ({
    headers: [one.cookie()],
    redis: [
      one.record(recordOf(`{"passport":{"user":{"id":"${other(one.name).id}"}},${one.body().slice(1)}`)),
    ],
    expect: one.session(),
  })),
  refused(
    'a member passport in escapes, of another user',
    'wrong-user',
    holding((one) => `${one.body().slice(0, -1)},"pass\\u0070ort":{"user":{"id":"${other(one.name).id}"}}}`),
  ),
  refused(
    'a session of no user under a user’s tag',
    'wrong-user',
    holding(() => '{"cart":[]}'),
  ),
  ...['null', '"text"', '[]', '{}', '{"id":null}', '{"id":7}', '{"id":["a"]}'].map((user) =>
    refused(
      `a user that is ${user}`,
      'wrong-user',
      holding((one) => withUser(one, user)),
    ),
  ),
  ...['null', '"text"', '[{"user":{"id":"x"}}]'].map((passport) =>
    refused(
      `a passport that is ${passport}`,
      'wrong-user',
      holding((one) => `${one.body().slice(0, -1)},"passport":${passport}}`),
    ),
  ),
  vectorOf(
    'a tag of an older index key that is still honoured',
    (one) => ({
      headers: [one.cookie()],
      redis: [one.record(recordOf(one.body()))],
      expect: one.session(),
    }),
    { indexKey: OLDER_KEY },
  ),
  vectorOf(
    'a tag of an index key that was taken out',
    (one) => ({
      settings: { indexKeys: [NEWEST_KEY] },
      headers: [one.cookie()],
      redis: [one.record(recordOf(one.body()))],
      expect: { refused: 'wrong-user' },
    }),
    { indexKey: OLDER_KEY },
  ),
  vectorOf(
    'a revoke-all under the newest index key, of a session under an older one',
    (one) => ({
      headers: [one.cookie()],
      redis: [
        one.record(recordOf(one.body())),
        new Person(one.name, { id: one.id }).generation(fromNow(-30_000)),
      ],
      expect: one.session(),
    }),
    { indexKey: OLDER_KEY },
  ),
  ...['', ' 0', '0 ', '+0', '-0', '-1', '0x0', '0e0', '0.0', 'NaN', '0'.repeat(16), '٠'].map((generation) =>
    vectorOf(`a generation that is not digits alone: ${JSON.stringify(generation)}`, (one) => ({
      headers: [one.cookie()],
      redis: [one.record(recordOf(one.body())), new Person(one.name, { id: one.id }).generation(generation)],
      expect: { refused: 'revoked' },
    })),
  ),
  vectorOf(
    'an id that is not ASCII',
    (one) => ({
      headers: [one.cookie()],
      redis: [one.record(recordOf(one.body()))],
      expect: one.session(),
    }),
    { id: 'ünï😀' },
  ),
  vectorOf(
    'another prefix and another cookie',
    (one) => ({
      settings: { prefix: 'shop:', cookieName: 'sid' },
      headers: [one.cookie(NEWEST_SECRET, 'sid')],
      redis: [one.record(recordOf(one.body()))],
      expect: one.session(),
    }),
    { prefix: 'shop:' },
  ),

  // What the module itself keeps.
  refused(
    'a session that no login of Latchkey has made',
    'no-login',
    holding((one) => one.body().replace(/"latchkey":\{.*?\},/, '')),
  ),
  ...[
    'null',
    '[]',
    '"cookie"',
    '{}',
    '{"transport":"cookie","profile":"web"}',
    '{"transport":"cookie","profile":"web","authenticatedAt":"1"}',
    '{"transport":"cookie","profile":"web","authenticatedAt":true}',
    '{"transport":"cookie","profile":"root","authenticatedAt":1}',
    '{"transport":"carrier pigeon","profile":"web","authenticatedAt":1}',
    '{"transport":["cookie"],"profile":"web","authenticatedAt":1}',
  ].map((meta) =>
    refused(
      `a member latchkey that is ${meta}`,
      'corrupt',
      holding((one) => withMeta(one, meta)),
    ),
  ),
  refused(
    'a bearer session in a cookie',
    'wrong-transport',
    holding((one) => one.body(one.meta({ transport: 'bearer', profile: 'bearer' }))),
  ),
  vectorOf('a cookie’s session in a bearer token', (one) => ({
    headers: [one.bearer()],
    redis: [one.record(recordOf(one.body()))],
    expect: { refused: 'wrong-transport' },
  })),

  // Taken over from connect-redis.
  vectorOf('a session taken over from connect-redis, of whose login nobody knows when it was', (one) => ({
    headers: [one.cookie()],
    redis: [one.record(recordOf(one.body(one.meta({ authenticatedAt: 0 }))))],
    expect: one.session({ authenticatedAtMs: 0 }),
  })),
  vectorOf('a cookie of connect-redis, and the record it stands for', (one) => ({
    headers: [['Cookie', `connect.sid=${signCookie('old-id', NEWEST_SECRET)}`]],
    redis: [{ key: 'sess:old-id', value: one.body(), ttlMs: HOUR }],
    expect: { refused: 'no-credential' },
  })),
  vectorOf('an id of connect-redis in our cookie, and the record it stands for', (one) => ({
    headers: [['Cookie', `${DEFAULTS.cookieName}=${signCookie('old-id', NEWEST_SECRET)}`]],
    redis: [
      { key: 'sess:old-id', value: one.body(), ttlMs: HOUR },
      { key: 'lk:sess:old-id', value: one.body(), ttlMs: HOUR },
    ],
    expect: { refused: 'not-found' },
  })),

  // Visitors.
  visitor('a visitor', () => ({ refused: 'anonymous' })),
  visitor('a visitor, where visitors count', nobody, { anonymous: true }),
  visitor('a visitor with a bearer token, where visitors count', nobody, { anonymous: true, bearer: true }),
  visitor('a visitor’s session with a user in it', () => ({ refused: 'wrong-user' }), {
    anonymous: true,
    body: new Person('somebody in a visitor’s session').body(),
  }),
  visitor('a visitor’s session with a generation beside it', nobody, {
    anonymous: true,
    also: [
      {
        key: keys.generation(
          keyAt(keys, fixed('token of a visitor’s session with a generation beside it', 32)).key.slice(9, 24),
        ),
        value: fromNow(60_000),
        ttlMs: HOUR,
      },
    ],
  }),
  visitor('a visitor’s session with another transport in it', () => ({ refused: 'wrong-transport' }), {
    anonymous: true,
    body: '{"latchkey":{"transport":"bearer","profile":"bearer","authenticatedAt":1},"cart":["apple"]}',
  }),
  vectorOf('a user, where visitors count', (one) => ({
    settings: { anonymous: true },
    headers: [one.cookie()],
    redis: [one.record(recordOf(one.body()))],
    expect: one.session(),
  })),
];
