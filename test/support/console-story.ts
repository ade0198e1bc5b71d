/** A company that does not exist, at a moment that does not pass: what the console is shown with in its pictures. */
export const NOW = new Date('2026-03-04T10:30:00Z');

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ago = (ms: number): string => new Date(NOW.getTime() - ms).toISOString();
const ahead = (ms: number): string => ago(-ms);

const user = (id: string, email: string, displayName: string | null, days: number, more = {}) => ({
  ...{ id, email, displayName, roles: [] as string[], disabled: false, createdAt: ago(days * DAY) },
  ...more,
});

interface SessionFacts {
  browser: string | null;
  os: string;
  type?: string;
  ip: string;
  began: number;
  seen: number;
  idle?: number;
  absolute?: number;
  userAgent?: string;
}
const session = (id: string, facts: SessionFacts, current = false) => ({
  ...{
    id,
    current,
    createdAt: ago(facts.began),
    authenticatedAt: ago(facts.began),
    lastSeenAt: ago(facts.seen),
  },
  expiresAt: ahead((facts.idle ?? 30 * MINUTE) - facts.seen),
  absoluteExpiresAt: ahead((facts.absolute ?? 12 * HOUR) - facts.began),
  ip: facts.ip,
  userAgent: facts.userAgent ?? '',
  device: { browser: facts.browser, os: facts.os, type: facts.type ?? 'desktop' },
});

const NORA = user('k7Yp2mQxR4sVt9LwZb1cNd', 'nora@example.com', 'Nora Berg', 412, { roles: ['admin'] });
const IDRIS = user('Ht5vW8nKe3JrXq0aUc6GyM', 'idris@example.com', 'Idris Okafor', 96, { roles: ['support'] });
const MINE = [
  session(
    's1',
    { browser: 'Firefox 147', os: 'Linux', ip: '198.51.100.24', began: 2 * HOUR, seen: 10_000 },
    true,
  ),
  session('s2', {
    ...{ browser: 'Safari 26', os: 'iOS', type: 'mobile', ip: '203.0.113.9' },
    ...{ began: 6 * DAY, seen: 40 * MINUTE, idle: 14 * DAY, absolute: 30 * DAY },
  }),
  session('s3', {
    browser: 'Chrome 145',
    os: 'Windows',
    ip: '192.0.2.77',
    began: 5 * HOUR,
    seen: 12 * MINUTE,
  }),
];
const THEIRS = [
  session('t1', {
    browser: 'Edge 145',
    os: 'Windows',
    ip: '198.51.100.61',
    began: 3 * HOUR,
    seen: 2 * MINUTE,
  }),
  session('t2', {
    browser: 'Chrome 145',
    os: 'Android',
    type: 'mobile',
    ip: '203.0.113.140',
    began: 7 * HOUR,
    seen: 9 * MINUTE,
  }),
];
const PEOPLE = [
  NORA,
  IDRIS,
  user('p3', 'amelie@example.com', 'Amélie Laurent', 301),
  user('p4', 'chen.wei@example.com', 'Chen Wei', 188),
  user('p5', 'dmitri@example.com', null, 77, { disabled: true }),
  user('p6', 'fatima@example.com', 'Fatima al-Rashid', 41),
  user('p7', 'jonas@example.com', 'Jonas Lindqvist', 12),
  user('p8', 'sofia@example.com', 'Sofia Marchetti', 2),
];

const event = (
  minutes: number,
  type: string,
  userId: string | null,
  actorId: string | null,
  ip: string,
  detail?: object,
) => ({
  ...{ id: `e${minutes}`, at: ago(minutes * MINUTE), type, userId, actorId, ip },
  ...(detail && { detail }),
});
const TRAIL = [
  event(2, 'session.revoked', IDRIS.id, NORA.id, '198.51.100.24'),
  event(9, 'login.succeeded', IDRIS.id, IDRIS.id, '203.0.113.140'),
  event(16, 'user.roles_changed', IDRIS.id, NORA.id, '198.51.100.24', { roles: ['support'] }),
  event(31, 'login.failed', IDRIS.id, null, '192.0.2.200'),
  event(32, 'login.failed', IDRIS.id, null, '192.0.2.200'),
  event(118, 'login.succeeded', NORA.id, NORA.id, '198.51.100.24'),
  event(190, 'password.changed', 'p6', 'p6', '203.0.113.77'),
  event(305, 'registered', 'p8', 'p8', '192.0.2.18'),
];
// A day at work: quiet at night, a peak before noon, guesses towards the end of the night.
const HISTORY = Array.from({ length: 48 }, (_, i) => {
  const at = NOW.getTime() - (47 - i) * 30 * MINUTE;
  const hour = new Date(at).getUTCHours() + new Date(at).getUTCMinutes() / 60;
  const day = ((1 + Math.cos(((hour - 13) / 24) * 2 * Math.PI)) / 2) ** 2;
  const guessed = hour > 3 && hour < 5;
  return {
    at: new Date(at).toISOString(),
    liveSessions: Math.round(140 + 620 * day),
    logins: Math.round(4 + 46 * day + (i % 3)),
    failedLogins: Math.round(1 + 4 * day + (guessed ? 14 : 0)),
    throttledLogins: guessed ? 38 : 0,
    revocations: Math.round(2 * day + (i % 11 === 0 ? 3 : 0)),
  };
});
const sum = (of: 'logins' | 'failedLogins' | 'revocations'): number =>
  HISTORY.reduce((all, one) => all + one[of], 0);

/** What the API answers in the story, by path without the query. */
export const ANSWERS: Record<string, unknown> = {
  '/auth/session': { user: NORA, session: MINE[0] },
  '/auth/sessions': { items: MINE, total: MINE.length },
  '/admin/users': { items: PEOPLE, nextCursor: null },
  ...Object.fromEntries(PEOPLE.map((one) => [`/admin/users/${one.id}`, { user: one, sessions: 2 }])),
  [`/admin/users/${IDRIS.id}/sessions`]: { items: THEIRS, total: THEIRS.length },
  '/admin/events': { items: TRAIL, nextCursor: null },
  '/admin/stats': {
    ...{
      liveSessions: HISTORY.at(-1)?.liveSessions,
      usersWithSessions: 431,
      users: 2_874,
      logins: sum('logins'),
    },
    ...{ failedLogins: sum('failedLogins'), revocations: sum('revocations') },
  },
  '/admin/stats/history': { bucketMinutes: 30, items: HISTORY },
};

/** The path of the person whose page is shown. */
export const PERSON_PATH = `/console/admin/people/${IDRIS.id}`;
