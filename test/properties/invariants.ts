import type { SessionData } from 'express-session';
import { expectLoaded } from './loaded-session.js';
import { lifetimeOf } from './policy.js';
import type { ModelSession, ModelUser, Moment } from './session-model.js';
import { type Snapshot, type StoredRecord, takeSnapshot } from './snapshot.js';
import { guarantee, ring, type World } from './world.js';

// Redis's clock and that of this process are the same one, read and rounded at different moments.
const SLACK_MS = 6;
const SECOND = 1_000;
const MINUTE = 60_000;

/** What must hold after every step. What the model did not know exactly, it learns here. */
export async function checkInvariants(world: World, step: number, last: boolean): Promise<void> {
  const snapshot = await takeSnapshot(world.redis);
  const { model } = world;
  for (const { nr, token } of model.sessions) {
    guarantee(
      'G6',
      !snapshot.text.includes(token.slice(-32)),
      () => `the token of session ${nr} lies in Redis`,
    );
  }
  const byDigest = new Map(model.sessions.map((session) => [session.digest, session]));
  for (const record of snapshot.records.values())
    checkRecord(world, snapshot, record, byDigest.get(record.digest));
  for (const user of model.users) checkUser(world, snapshot, user);
  for (const [key, expiresMs] of snapshot.keys) {
    const counts = key.endsWith('{everyone}:epoch');
    guarantee('G3', expiresMs !== -1 || counts, () => `${key} has no expiry`);
  }
  await checkLoads(world, snapshot, step, last);
}

/**
 * Loads sessions through alternating nodes and compares all of their data. One of three after each step, which is two
 * thirds of the time that a run takes; every one after the last step.
 */
async function checkLoads(world: World, { records }: Snapshot, step: number, last: boolean): Promise<void> {
  // Whoever has no record is refused without further ado.
  const worthLoading = world.model.sessions.filter(
    ({ nr, digest }) => records.has(digest) && (last || (nr + step) % 3 === 0),
  );
  const loaded = await Promise.all(
    worthLoading.map(
      ({ nr, token }) => world.node(step + nr).store.get(token) as Promise<SessionData | null>,
    ),
  );
  worthLoading.forEach((session, i) => expectLoaded(world, session, loaded[i] ?? null));
}

function checkRecord(
  world: World,
  { generations }: Snapshot,
  record: StoredRecord,
  session: ModelSession | undefined,
): void {
  const { model } = world;
  const { header } = record;
  guarantee('G1', session !== undefined, () => `nobody made the record ${record.digest}`);
  if (!session) return;
  const name = `session ${session.nr}`;
  const expiresMs = world.modelTime(record.expiresMs);
  guarantee('G3', record.tag === session.tag, () => `${name} lies under the tag of another user`);
  if (!header) {
    guarantee('G1', model.isRememberedAsTaken(session, world.now()), () => `${name} is marked as taken over`);
    learn(session.expires, expiresMs, `${name} is forgotten`);
    return;
  }
  const generation = generations.get(record.tag)?.value ?? 0;
  if (!model.isLive(session, world.now())) {
    // A record may outlive its session only where everything that reads it can tell.
    guarantee('G1', header.generation < generation, () => `${name} is back, though ${session.end ?? 'over'}`);
    return;
  }
  learn(session.expires, expiresMs, `${name} expires`);
  learn(session.absolute, world.modelTime(header.absoluteExpiryMs), `${name} ends for good`);
  learn(session.touched, world.modelTime(header.touchedMs), `${name} was touched`);
  learn(session.created, world.modelTime(header.createdMs), `${name} was made`);
  guarantee('G1', header.generation >= generation, () => `${name} is of an older generation, though live`);
  guarantee(
    'G4',
    header.revision === session.revision,
    () => `${name} has the revision ${header.revision}, not ${session.revision}`,
  );
  const { idleMs } = lifetimeOf(session.kind);
  const ttlMs = expiresMs - world.now();
  const leftMs = session.absolute.toMs - world.now();
  guarantee(
    'G5',
    ttlMs <= Math.min(idleMs, leftMs) + SLACK_MS,
    () => `${name} lives for ${ttlMs} ms, ${leftMs} left`,
  );
}

function checkUser(world: World, snapshot: Snapshot, user: ModelUser): void {
  const { model, setting } = world;
  const now = world.now();
  const tag = ring.current(user.id);
  const live = model.liveOf(user.id, now);
  for (const { nr, digest } of live) {
    guarantee('G1', snapshot.records.has(digest), () => `session ${nr} has no record, though live`);
  }
  const indexed = live.filter((session) => session.indexed);
  checkIndex(world, snapshot, user, indexed);
  if (setting.maxSessions > 0 && !user.lostIndex) {
    guarantee(
      'G10',
      indexed.length <= setting.maxSessions,
      () => `${user.id} has ${indexed.length} sessions`,
    );
  }

  const generation = snapshot.generations.get(tag);
  const remembered = model.revocationsOf(user, now) > 0;
  guarantee(
    'G2',
    (generation !== undefined) === remembered,
    () => `the revocations of ${user.id} are ${remembered ? 'forgotten' : 'remembered'}`,
  );
  if (!generation) return;
  const expiresMs = world.modelTime(generation.expiresMs);
  const within = Math.abs(expiresMs - user.rememberedUntilMs) < SECOND;
  guarantee('G2', within, () => `the revocations of ${user.id} are remembered for ${expiresMs - now} ms`);
  for (const { nr, absolute } of live) {
    guarantee(
      'G2',
      absolute.toMs <= expiresMs + SLACK_MS,
      () => `session ${nr} may outlive the last revocation`,
    );
  }
  learn(user.revokedAt, world.modelTime(generation.value), `the last revocation of ${user.id} was`);
}

function checkIndex(world: World, snapshot: Snapshot, user: ModelUser, live: ModelSession[]): void {
  const index = snapshot.indexes.get(ring.current(user.id));
  for (const { nr, digest, absolute } of live) {
    const score = index?.members.get(digest);
    const expiresMs = snapshot.records.get(digest)?.expiresMs ?? 0;
    guarantee(
      'G3',
      score === expiresMs,
      () => `session ${nr} expires at ${expiresMs} and is in the index until ${score}`,
    );
    const keptMs = world.modelTime(index?.expiresMs ?? 0);
    guarantee('G3', keptMs + SLACK_MS >= absolute.toMs, () => `session ${nr} may outlive its index`);
  }
  const digests = new Set(live.map(({ digest }) => digest));
  // What has expired is out of the index with the next write or list.
  const written = world.model.written.delete(user.id);
  for (const [digest, score] of index?.members ?? []) {
    const session = world.model.sessions.find((one) => one.digest === digest);
    const stale = score <= snapshot.nowMs && !(written && score <= snapshot.nowMs - MINUTE / 2);
    guarantee(
      'G3',
      digests.has(digest) || stale || session?.dangling === true,
      () => `session ${session?.nr} is in the index until ${score}, though ${session?.end ?? 'over'}`,
    );
  }
}

/**
 * Compares a time with what is known of it, and knows it from then on.
 */
function learn(moment: Moment, actualMs: number, what: string, driftMs = 0): void {
  const slackMs = moment.exact ? driftMs : SLACK_MS;
  const fits = actualMs >= moment.fromMs - slackMs && actualMs <= moment.toMs + slackMs;
  guarantee('G5', fits, () => `${what} at ${actualMs}, not between ${moment.fromMs} and ${moment.toMs}`);
  if (!moment.exact) Object.assign(moment, { fromMs: actualMs, toMs: actualMs, exact: true });
}
