import type { SessionData } from 'express-session';
import { snapshotOf } from '../../src/session/principal-snapshot.js';
import { newSessionToken } from '../../src/session/token/session-id.js';
import { applyEdit } from './edits.js';
import { kindFor } from './policy.js';
import { takeTicket } from './login-steps.js';
import { change, countUp, open, written } from './request-steps.js';
import type { Data, ModelSession, ModelUser, Moment } from './session-model.js';
import { guarantee, type OpenLogin, type OpenRequest, outcomeOf, ring, type World } from './world.js';

/** Many requests of one session on both nodes change it at the same time. */
export async function saveTogether(world: World, session: ModelSession, writers: number): Promise<void> {
  const { model } = world;
  const requests: OpenRequest[] = [];
  for (let i = 0; i < writers; i++) {
    const request = await open(world, i, session);
    if (!request) return;
    change(world, request, 'add');
    change(world, request, 'append');
    requests.push(request);
  }
  const { at } = await world.during(() =>
    Promise.all(requests.map(({ node, req }) => node.store.set(req.sessionID, req.session) as Promise<void>)),
  );
  for (const { unsaved } of requests) {
    written(world, session, at, (data) => unsaved.forEach((edit) => applyEdit(data, edit)));
  }
  world.requests.splice(-writers);
  // Who was first is up to chance; that nothing is lost is not.
  const stored = (await world.node(0).store.get(session.token)) as (SessionData & Data) | null;
  if (stored && model.isUsable(session, world.now())) {
    const kept = session.data.log?.slice(0, -writers) ?? [];
    const log = stored.log ?? [];
    const same = [...log].sort().join() === [...(session.data.log ?? [])].sort().join();
    const inOrder = kept.every((id, i) => log[i] === id);
    guarantee('G4', same && inOrder, () => `of ${session.data.log?.join()} there is ${log.join()}`);
    session.data.log = log;
  }
}

/** Many updates of one session on both nodes at the same time. */
export async function countTogether(world: World, session: ModelSession, writers: number): Promise<void> {
  const { model } = world;
  const { userId, handle } = session;
  if (userId === undefined || !session.indexed || !model.isUsable(session, world.now())) return;
  const { at } = await world.during(() =>
    Promise.all(
      Array.from({ length: writers }, (_, i) => world.node(i).service.update(userId, handle, countUp)),
    ),
  );
  for (let i = 0; i < writers; i++) written(world, session, at, countUp);
}

/** Many logins of one user on both nodes at the same time. */
export async function loginTogether(world: World, user: ModelUser, logins: number): Promise<void> {
  const { model, setting } = world;
  const { maxSessions, limitPolicy } = setting;
  if (user.principal.disabled || user.lostIndex) return;
  const before = model.indexedOf(user.id, world.now());
  const tickets: OpenLogin[] = [];
  for (let i = 0; i < logins; i++) tickets.push(await takeTicket(world, i, user));
  world.logins.splice(-logins);
  const { result: outcomes, at } = await world.during(() =>
    Promise.all(
      tickets.map(async ({ ticket }, i) => {
        const { node, req } = world.visitor(world.node(i));
        const options = { principal: user.principal, ticket, transport: 'cookie' as const };
        return { ...(await outcomeOf(() => node.service.establish(req, options))), token: req.sessionID };
      }),
    ),
  );
  const kind = kindFor(user.principal.roles, 'cookie');
  const made = outcomes
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ token }) => model.add({ ...world.identity(token), userId: user.id, kind, data: {} }, at));
  const refused = outcomes.filter(({ outcome }) => outcome === 'TooManySessionsError').length;
  const room =
    maxSessions === 0
      ? Infinity
      : limitPolicy === 'reject'
        ? Math.max(0, maxSessions - before.length)
        : Infinity;
  const expected = Math.min(logins, room);
  guarantee(
    'G10',
    made.length === expected && refused === logins - expected,
    () =>
      `${made.length} of ${logins} logins were let in and ${refused} refused, where there was room for ${room}`,
  );
  if (maxSessions === 0) return;
  await findEvicted(world, before, made, at);
}

/** Which of the newest are evicted is up to chance, but the old ones go first. */
async function findEvicted(
  world: World,
  before: ModelSession[],
  made: ModelSession[],
  at: Moment,
): Promise<void> {
  const { model, setting } = world;
  const survives = async ({ tag, digest }: ModelSession) =>
    (await world.redis.exists(`lk:sess:{${tag}}:${digest}`)) === 1;
  const survivors = (sessions: ModelSession[]) =>
    Promise.all(sessions.map(survives)).then((flags) => sessions.filter((_, i) => flags[i]));
  const [old, young] = [await survivors(before), await survivors(made)];
  const expected = Math.min(setting.maxSessions, before.length + made.length);
  guarantee(
    'G10',
    old.length + young.length === expected,
    () => `${old.length} old and ${young.length} new sessions are left, not ${expected}`,
  );
  // Within one millisecond none is older.
  const older = before.every(({ touched, created }) => Math.max(touched.toMs, created.toMs) < at.fromMs);
  guarantee(
    'G10',
    !older || young.length === made.length || old.length === 0,
    () => 'a new session ended before an old one',
  );
  for (const session of [...before, ...made]) {
    if (!old.includes(session) && !young.includes(session)) model.end(session, 'evicted');
  }
}

/** Whatever is under way while all sessions of a user are revoked, nothing of it is left. */
export async function revokeInTheMidst(world: World, user: ModelUser): Promise<void> {
  const { model } = world;
  if (user.principal.disabled) return;
  const logins = [await takeTicket(world, 0, user), await takeTicket(world, 1, user)];
  world.logins.splice(-logins.length);
  const sessions = model.liveOf(user.id, world.now()).slice(-3);
  const saving: OpenRequest[] = [];
  for (const [i, session] of sessions.entries()) {
    const request = await open(world, i, session);
    if (!request) continue;
    change(world, request, 'append');
    saving.push(request);
  }
  const made: string[] = [];
  const [first] = saving;
  let rotated: ModelSession | undefined;
  const { at } = await world.during(() =>
    Promise.all([
      ...logins.map(async ({ ticket }, i) => {
        const { node, req } = world.visitor(world.node(i));
        const login = await outcomeOf(() =>
          node.service.establish(req, { principal: user.principal, ticket, transport: 'bearer' }),
        );
        if (login.outcome === 'ok') made.push(req.sessionID);
      }),
      ...saving
        .slice(1)
        .map(({ node, req }) => outcomeOf(() => node.store.set(req.sessionID, req.session) as Promise<void>)),
      first &&
        outcomeOf(() => first.node.service.rotate(first.req)).then(({ outcome }) => {
          if (outcome !== 'ok') return;
          made.push(first.req.sessionID);
          rotated = first.session;
        }),
      world.node(1).service.revokeAll(user.id),
    ]),
  );
  if (rotated) rotated.moved = at;
  world.requests.splice(world.requests.length - saving.length, saving.length);
  for (const token of made) {
    model.add({ ...world.identity(token), userId: user.id, kind: kindFor([], 'bearer'), data: {} }, at);
  }
  model.endAll(user.id, 'revoked in the midst');
  model.revoked(user, at);
}

/** Two revocations and a session between them, all in one millisecond if Redis is fast enough. */
export async function revokeTwiceAtOnce(world: World, user: ModelUser): Promise<void> {
  const { model } = world;
  const { service, store } = world.node(0);
  const token = newSessionToken(ring.current(user.id));
  const session = { cookie: { originalMaxAge: null }, passport: { user: snapshotOf(user.principal) } };
  const { at } = await world.during(() =>
    Promise.all([
      service.revokeAll(user.id),
      store.set(token, session as unknown as SessionData) as Promise<void>,
      service.revokeAll(user.id),
    ]),
  );
  model.add({ ...world.identity(token), userId: user.id, kind: undefined, data: {} }, at);
  model.endAll(user.id, 'revoked twice');
  model.revoked(user, at);
}
