import fc from 'fast-check';
import type { FuzzRequest } from './fuzz-request.js';

interface Template {
  method: string;
  /** With `{…}` as in FuzzRequest; any of them is used. */
  targets: string[];
  bodies?: object[];
  headers?: [string, string][];
  /** How often it is drawn, compared with others. @default 1 */
  weight?: number;
}

const ME = { email: '{email}', password: '{password}' };
const LIST = ['', '?limit=2', '?limit=100&cursor=MS5h', '?limit=1&cursor='];

/** Every route of the program, asked for as an honest client does. */
const TEMPLATES: Template[] = [
  {
    method: 'POST',
    targets: ['/auth/login'],
    bodies: [
      ME,
      { ...ME, transport: 'bearer' },
      { ...ME, password: 'wrong' },
      { ...ME, email: 'nobody@example.com' },
      { ...ME, deviceToken: 'd', revokeSessionId: '{sessionId}' },
    ],
    weight: 4,
  },
  {
    method: 'POST',
    targets: ['/auth/register'],
    bodies: [
      { email: '{newEmail}', password: '{password}', displayName: 'Æsc' },
      { email: '{newEmail}', password: '{password}', transport: 'bearer' },
      ME,
    ],
    weight: 2,
  },
  { method: 'POST', targets: ['/auth/register/confirm'], bodies: [{ token: 'x' }] },
  { method: 'POST', targets: ['/auth/logout'] },
  { method: 'GET', targets: ['/auth/session', '/auth/sessions'], weight: 3 },
  {
    method: 'DELETE',
    targets: ['/auth/sessions', '/auth/sessions?scope=all', '/auth/sessions?scope=others'],
  },
  { method: 'DELETE', targets: ['/auth/sessions/{sessionId}', '/auth/sessions/x'] },
  {
    method: 'POST',
    targets: ['/auth/reauthenticate'],
    bodies: [{ password: '{password}' }, { password: 'wrong' }],
  },
  {
    method: 'PUT',
    targets: ['/auth/password'],
    bodies: [{ currentPassword: '{password}', newPassword: 'another password, as long as it is' }],
  },
  {
    method: 'GET',
    targets: ['/auth/verify'],
    headers: [
      ['X-Forwarded-Method', 'POST'],
      ['X-Original-Method', 'GET'],
    ],
  },
  {
    method: 'GET',
    targets: LIST.map((query) => `/admin/users${query}`).concat('/admin/users?query=a'),
    weight: 2,
  },
  { method: 'GET', targets: ['/admin/users/{otherId}', '/admin/users/{ownId}', '/admin/users/x'] },
  {
    method: 'PATCH',
    targets: ['/admin/users/{otherId}', '/admin/users/{ownId}'],
    bodies: [
      { roles: [] },
      { roles: ['admin', 'editor'] },
      { disabled: true },
      { disabled: false, roles: ['a.b'] },
    ],
    weight: 2,
  },
  { method: 'GET', targets: ['/admin/users/{otherId}/sessions', '/admin/users/{ownId}/sessions'] },
  { method: 'DELETE', targets: ['/admin/users/{otherId}/sessions', '/admin/users/{ownId}/sessions'] },
  {
    method: 'DELETE',
    targets: ['/admin/users/{otherId}/sessions/{sessionId}', '/admin/users/{otherId}/sessions/x'],
  },
  { method: 'DELETE', targets: ['/admin/sessions'] },
  { method: 'GET', targets: ['/admin/operations/x'] },
  {
    method: 'GET',
    targets: LIST.map((query) => `/admin/events${query}`).concat(
      '/admin/events?userId={otherId}&type=login.failed',
    ),
    weight: 2,
  },
  { method: 'GET', targets: ['/admin/stats'] },
  { method: 'GET', targets: ['/health/live', '/health/ready', '/metrics', '/docs', '/docs-json'] },
];

const anyOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const anyTemplate = fc.oneof(
  ...TEMPLATES.map((arbitrary) => ({ weight: arbitrary.weight ?? 1, arbitrary: fc.constant(arbitrary) })),
);

/** A request that an honest client could make, with a live credential of a user or an admin, or with none. */
export const validRequest: fc.Arbitrary<FuzzRequest> = anyTemplate.chain((template) =>
  fc
    .record({
      target: anyOf(template.targets),
      body: template.bodies === undefined ? fc.constant(undefined) : anyOf(template.bodies),
      role: anyOf(['user', 'admin'] as const),
      transport: anyOf(['cookie', 'bearer'] as const),
      credential: anyOf(['live', 'live', 'live', 'none'] as const),
    })
    .map(({ target, body, role, transport, credential }) => ({
      route: template.targets[0] ?? '',
      role,
      transport,
      credential,
      method: template.method,
      target,
      headers: [
        ['Origin', '{origin}'],
        ...(credential === 'none' ? [] : [credentialHeader(transport)]),
        ...(body === undefined ? [] : [['Content-Type', 'application/json'] as [string, string]]),
        ...(template.headers ?? []),
      ],
      body: body === undefined ? '' : JSON.stringify(body),
    })),
);

function credentialHeader(transport: FuzzRequest['transport']): [string, string] {
  return transport === 'cookie' ? ['Cookie', 'sid={sid}'] : ['Authorization', 'Bearer {token}'];
}
