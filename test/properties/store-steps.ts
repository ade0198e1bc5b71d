import { Cookie, type SessionData } from 'express-session';
import { snapshotOf } from '../../src/session/principal-snapshot.js';
import { addressOf, newSessionToken } from '../../src/session/token/session-id.js';
import { lifetimeOf } from './policy.js';
import { countUp, written } from './request-steps.js';
import type { ModelSession, ModelUser } from './session-model.js';
import { PREFIX } from './snapshot.js';
import { guarantee, type OpenRequest, outcomeOf, ring, type World } from './world.js';

export async function destroy(world: World, node: number, session: ModelSession): Promise<void> {
  await world.node(node).store.destroy(session.token);
  world.model.end(session, 'destroyed');
  session.dangling = false;
}

/** Counts up in a session that no request of ours is in. */
export async function update(world: World, node: number, session: ModelSession): Promise<void> {
  const { service } = world.node(node);
  const { userId } = session;
  if (userId === undefined) return;
  const expected = world.model.isUsable(session, world.now()) && session.indexed ? 'ok' : 'SessionEndedError';
  const { result, at } = await world.during(() =>
    outcomeOf(() => service.update(userId, session.handle, countUp)),
  );
  guarantee(
    'G1/G4',
    result.outcome === expected,
    () => `an update ended with ${result.outcome}, not ${expected}`,
  );
  if (expected === 'ok') written(world, session, at, countUp);
}

/** Sets a whole session by its id, as the Store contract allows without any request. */
export async function put(world: World, node: number, session: ModelSession): Promise<void> {
  const user = world.model.userOf(session);
  if (!user || !world.model.isUsable(session, world.now())) return;
  const data = { ...session.data, cart: { [world.nextId()]: true as const } };
  const whole = sessionOf(user, data);
  const { at } = await world.during(() => world.node(node).store.set(session.token, whole));
  written(world, session, at, () => undefined);
  session.data = data;
  // The store alone knows no kind of session: what it is handed gets the life of a session without one.
  const { idleMs } = lifetimeOf(undefined);
  session.expires = {
    fromMs: Math.min(at.fromMs + idleMs, session.absolute.fromMs),
    toMs: Math.min(at.toMs + idleMs, session.absolute.toMs),
  };
}

/** A host replaces the session of a request with express-session's own means, for the same user or for nobody. */
export async function regenerate(world: World, request: OpenRequest, keepUser: boolean): Promise<void> {
  const { session, req, node } = request;
  const user = session && world.model.userOf(session);
  // Sessions whose index was lost may come back to one that is full; who is in the way then is not told here.
  const goesOn = keepUser && user?.principal.disabled === false && !user.lostIndex;
  const expected = user && !world.model.isLive(session, world.now()) ? 'SessionEndedError' : 'ok';
  const { generate } = node.store;
  world.subject.requestStateOf(req).savePolicy = 'merge';
  if (session && goesOn) {
    // As a `genid` does that knows who is logged in.
    node.store.generate = (fresh) => {
      fresh.sessionID = newSessionToken(session.tag);
      node.store.createSession(fresh, sessionOf(user, {}));
    };
  }
  const { result, at } = await world
    .during(() =>
      outcomeOf(async () => {
        await (node.store.regenerate(req as never) as Promise<unknown>);
        if (goesOn) await node.store.set(req.sessionID, req.session);
      }),
    )
    .finally(() => (node.store.generate = generate));
  // The old record is gone before the new one is made: when a revocation spared the session since this request read
  // it, the store cannot tell that from one that did not, and is on the safe side.
  const unsure = goesOn && world.model.revocationsOf(user, at.fromMs) !== request.revocations;
  const right = result.outcome === expected || (unsure && result.outcome === 'SessionEndedError');
  guarantee('G1', right, () => `a regenerate ended with ${result.outcome}, not ${expected}`);
  if (session) world.model.end(session, 'regenerated');
  if (result.outcome !== 'ok') {
    world.requests.splice(world.requests.indexOf(request), 1);
    return;
  }
  Object.assign(request, { session: undefined, unsaved: [], revision: 1 });
  if (!session || !goesOn) return;
  request.session = world.model.add(
    { ...world.identity(req.sessionID), userId: user.id, kind: undefined, data: {} },
    at,
  );
  // What is left of the old one's life is reckoned on the node, by a clock that may be late by as much as a reply was.
  const { fromMs, toMs } = session.absolute;
  world.model.capAbsolute(request.session, { fromMs: fromMs - SECOND, toMs: toMs + SECOND });
}

const SECOND = 1_000;

function sessionOf(user: ModelUser, data: object): SessionData {
  return {
    cookie: new Cookie(),
    passport: { user: snapshotOf(user.principal) },
    ...data,
  } as unknown as SessionData;
}

/** Another user's id leads to a session: one handed over under it by a host, one whose record got there. It is nobody's. */
export async function misplace(world: World, node: number, session: ModelSession): Promise<void> {
  const { store } = world.node(node);
  const owner = world.model.userOf(session);
  const other = world.model.users.find((user) => user !== owner);
  if (!owner || !other || !world.model.isLive(session, world.now())) return;
  const token = newSessionToken(ring.current(other.id));
  const { outcome } = await outcomeOf(() => store.set(token, sessionOf(owner, {})) as Promise<void>);
  guarantee(
    'G1',
    outcome === 'SessionUserMismatchError',
    () => `a session of ${owner.id} under an id of ${other.id} ended with ${outcome}`,
  );
  const { tag, digest } = addressOf(token);
  const record = await world.redis.getBuffer(recordKey(session));
  if (record) await world.redis.set(recordKey({ tag, digest }), record, 'PX', MISPLACED_MS);
  const read = (await store.get(token)) as SessionData | null;
  await world.redis.del(recordKey({ tag, digest }));
  guarantee('G1', read === null, () => `an id of ${other.id} leads to a session of ${owner.id}`);
}

const recordKey = ({ tag, digest }: Pick<ModelSession, 'tag' | 'digest'>) =>
  `${PREFIX}sess:{${tag}}:${digest}`;

// As long as the one it is a copy of, or not: it is judged at once.
const MISPLACED_MS = 60_000;

/** Redis forgets a record, as one that evicts keys does. */
export async function loseRecord(world: World, session: ModelSession): Promise<void> {
  await world.redis.del(recordKey(session));
  world.model.lose(session);
}

/** Redis forgets the index of a user. His sessions go on, and those that are used are indexed again. */
export async function loseIndex(world: World, user: ModelUser): Promise<void> {
  await world.redis.del(`${PREFIX}idx:{${ring.current(user.id)}}`);
  world.model.loseIndex(user);
}
