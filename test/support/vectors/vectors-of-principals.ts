import type { Refusal, SessionVector } from './session-vector.js';
import { fromNow, type Person, recordOf, vectorOf } from './vector-kit.js';

type Redis = SessionVector['redis'];

const LIVE = { v: 7, roles: ['viewer'], email: 'new@example.com', displayName: null, disabled: false };

const refused = (name: string, reason: Refusal, redis: (person: Person) => Redis): SessionVector =>
  vectorOf(name, (one) => ({ headers: [one.cookie()], redis: redis(one), expect: { refused: reason } }));

const live = (value: unknown) => (one: Person) => [one.record(recordOf(one.body())), one.live(value)];
const withUser = (one: Person, user: string) => one.body().replace(/"user":\{.*?\}\}/, `"user":${user}}`);

/** What is true of the person now. */
export const vectorsOfPrincipals: SessionVector[] = [
  vectorOf('roles and e-mail that changed since the login', (one) => ({
    headers: [one.cookie()],
    redis: live(LIVE)(one),
    expect: one.session({
      principal: {
        id: one.id,
        email: 'new@example.com',
        displayName: null,
        roles: ['viewer'],
        createdAt: one.principal.createdAt,
      },
    }),
  })),
  vectorOf(
    'no role left since the login',
    (one) => ({
      headers: [one.cookie()],
      redis: [
        one.record(recordOf(one.body(one.meta({ profile: 'admin' })))),
        one.live({ ...LIVE, roles: [] }),
      ],
      expect: one.session({
        profile: 'admin',
        principal: {
          id: one.id,
          email: 'new@example.com',
          displayName: null,
          roles: [],
          createdAt: one.principal.createdAt,
        },
      }),
    }),
    { roles: ['admin'] },
  ),
  vectorOf(
    'an admin',
    (one) => ({
      headers: [one.cookie()],
      redis: [one.record(recordOf(one.body(one.meta({ profile: 'admin' }))))],
      expect: one.session({ profile: 'admin', isAdmin: true }),
    }),
    { roles: ['editor', 'admin'] },
  ),
  vectorOf('the admin role in a session that is not an admin’s', (one) => ({
    headers: [one.cookie()],
    redis: live({ ...LIVE, roles: ['admin'] })(one),
    expect: one.session({
      principal: {
        id: one.id,
        email: 'new@example.com',
        displayName: null,
        roles: ['admin'],
        createdAt: one.principal.createdAt,
      },
    }),
  })),
  refused('a user who is disabled now', 'disabled', live({ ...LIVE, disabled: true })),
  refused(
    'a user of whom two things are said, disabled last',
    'disabled',
    live(`${JSON.stringify(LIVE).slice(0, -1)},"disabled":true}`),
  ),
  refused(
    'a user of whom is not said whether he is disabled',
    'disabled',
    live({ ...LIVE, disabled: undefined }),
  ),
  refused('a user who is disabled with a 1', 'disabled', live({ ...LIVE, disabled: 1 })),
  refused('a user who is disabled with a 0', 'disabled', live({ ...LIVE, disabled: 0 })),
  refused('a user who is disabled and revoked', 'revoked', (one) => [
    ...live({ ...LIVE, disabled: true })(one),
    one.generation(fromNow(-30_000)),
  ]),
  ...[
    '',
    'nonsense',
    'null',
    '[]',
    '"text"',
    '{}',
    '{"roles":"admin","disabled":false}',
    '{"roles":{"0":"admin"},"disabled":false}',
    '{"roles":[],"disabled":FALSE}',
    '{"roles":[],"disabled":false',
  ].map((text) => refused(`a live principal that is ${text || 'empty'}`, 'corrupt', live(text))),
  vectorOf('a snapshot with roles that are no list', (one) => ({
    headers: [one.cookie()],
    redis: [
      one.record(
        recordOf(withUser(one, `{"id":"${one.id}","email":"ada@example.com","roles":{"0":"admin"}}`)),
      ),
    ],
    expect: one.session({
      principal: { id: one.id, email: 'ada@example.com', displayName: null, roles: [], createdAt: '' },
    }),
  })),
  vectorOf('a snapshot with nothing but an id', (one) => ({
    headers: [one.cookie()],
    redis: [one.record(recordOf(withUser(one, `{"id":"${one.id}"}`)))],
    expect: one.session({
      principal: { id: one.id, email: '', displayName: null, roles: [], createdAt: '' },
    }),
  })),
  refused(
    'a snapshot of a user who was disabled, which is never written',
    'disabled',
    live({ ...LIVE, disabled: 'no' }),
  ),
];
