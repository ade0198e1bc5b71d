import type { ModelSession, ModelUser } from './session-model.js';
import { canonical, guarantee, type World } from './world.js';

/** @param vanished how many more may have been counted, because Redis lost their records and nobody can know */
export function counted(actual: number, expected: number, vanished = 0): void {
  const right = actual >= expected && actual <= expected + vanished;
  guarantee('G3', right, () => `a revocation says it ended ${actual} sessions, not ${expected}`);
}

/** @param byStranger under the name of another user, who must not be able to */
export async function revoke(
  world: World,
  node: number,
  session: ModelSession,
  byStranger: boolean,
): Promise<void> {
  const { model } = world;
  if (session.userId === undefined) return;
  const userId = byStranger ? model.users.find((user) => user.id !== session.userId)?.id : session.userId;
  const expected = !byStranger && model.isLive(session, world.now()) && session.indexed;
  const ended = (await world.node(node).service.revoke(userId ?? '', session.handle)) !== null;
  guarantee('G1', ended === expected, () => `a revocation says ${ended}, not ${expected}`);
  if (!expected) return;
  model.end(session, 'revoked');
  model.written.add(session.userId);
}

export async function revokeOthers(world: World, node: number, keep: ModelSession): Promise<void> {
  const { model } = world;
  const user = model.userOf(keep);
  if (!user) return;
  const live = model.indexedOf(user.id, world.now());
  const vanished = model.danglingOf(user, world.now());
  const kept = live.find((session) => session === keep);
  const { result, at } = await world.during(() =>
    world.node(node).service.revokeOthers(user.id, keep.handle),
  );
  counted(result.revoked, live.length - (kept ? 1 : 0), vanished);
  model.endAll(user.id, 'revoked with the others', (session) => session === kept);
  model.revoked(user, at);
  if (kept) kept.revision += 1;
}

export async function revokeAll(world: World, node: number, user: ModelUser): Promise<void> {
  const { model } = world;
  const live = model.indexedOf(user.id, world.now());
  const vanished = model.danglingOf(user, world.now());
  const { result, at } = await world.during(() => world.node(node).service.revokeAll(user.id));
  counted(result.revoked, live.length, vanished);
  model.endAll(user.id, 'revoked with all');
  model.revoked(user, at);
}

export async function revokeEveryone(
  world: World,
  node: number,
  keep: ModelSession | undefined,
): Promise<void> {
  const { model } = world;
  const now = world.now();
  const user = keep && model.userOf(keep);
  const kept = user && model.indexedOf(user.id, now).find((session) => session === keep);
  const live = model.sessions.filter((session) => session !== kept && model.isLive(session, now));
  const { service } = world.node(node);
  const named = user && keep ? { userId: user.id, sessionId: keep.handle } : undefined;
  const { operationId } = await service.revokeEveryone({ keep: named });
  model.epoch += 1;
  for (const session of model.sessions) if (session !== kept) model.end(session, 'ended with everybody');
  for (;;) {
    const operation = await service.findOperation(operationId);
    if (operation?.state !== 'done') continue;
    counted(operation.revoked, live.length);
    return;
  }
}

export interface PrincipalChange {
  roles: string[];
  disabled: boolean;
  /** Whether an older change arrives after this one. */
  overtaken: boolean;
}

/** The database changes a user and tells his open sessions. */
export async function changePrincipal(
  world: World,
  node: number,
  user: ModelUser,
  change: PrincipalChange,
): Promise<void> {
  const { service } = world.node(node);
  const { roles, disabled, overtaken } = change;
  const older = { roles: ['older'], email: user.principal.email, displayName: 'older', disabled: !disabled };
  const principal = { ...older, roles, disabled, displayName: `version ${user.version + 2}` };
  if (!overtaken) await service.setPrincipal(user.id, older, user.version + 1);
  await service.setPrincipal(user.id, principal, user.version + 2);
  if (overtaken) await service.setPrincipal(user.id, older, user.version + 1);
  user.version += 2;
  user.principal = { ...user.principal, ...principal };
}

export async function list(world: World, node: number, user: ModelUser): Promise<void> {
  const live = world.model.indexedOf(user.id, world.now());
  const views = await world.node(node).service.list(user.id);
  const iso = (modelMs: number) => new Date(world.nodeTime(modelMs)).toISOString();
  const expected = live
    .map(({ handle, created, touched, absolute }) => ({
      id: handle,
      createdAt: iso(created.fromMs),
      lastSeenAt: iso(touched.fromMs),
      absoluteExpiresAt: iso(absolute.fromMs),
    }))
    .sort(byId);
  const listed = views
    .map(({ id, createdAt, lastSeenAt, absoluteExpiresAt }) => ({
      id,
      createdAt,
      lastSeenAt,
      absoluteExpiresAt,
    }))
    .sort(byId);
  const [actual, wanted] = [canonical(listed), canonical(expected)];
  guarantee('G3', actual === wanted, () => `listed ${actual}, not ${wanted}`);
  world.model.looked(user);
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
