import type { Transport } from '../../src/session/session.types.js';
import { applyEdit } from './edits.js';
import { kindFor, LONGEST_LOGIN_MS } from './policy.js';
import type { Data, ModelSession, ModelUser } from './session-model.js';
import { counted } from './revocation-steps.js';
import { guarantee, type OpenLogin, type OpenRequest, outcomeOf, type World } from './world.js';

/** A login begins: before the credentials are read. */
export async function takeTicket(world: World, node: number, user: ModelUser): Promise<OpenLogin> {
  const takenAtMs = world.now();
  const ticket = await world.node(node).service.takeTicket(user.id);
  const { epoch } = world.model;
  const revocations = world.model.revocationsOf(user, takenAtMs);
  const login = { ticket, user, principal: user.principal, revocations, epoch, takenAtMs };
  world.logins.push(login);
  return login;
}

export interface LoginPlan {
  transport: Transport;
  /** A session that the user names to make room. */
  instead: ModelSession | undefined;
}

/** A login ends: the credentials were right. */
export async function login(
  world: World,
  held: OpenLogin,
  request: OpenRequest,
  plan: LoginPlan,
): Promise<void> {
  const { model } = world;
  const { user, principal } = held;
  // The password of a disabled user is not looked at.
  if (principal.disabled) return;
  const previous = request.session;
  const cart = previous && !previous.userId && model.isLive(previous, world.now()) ? previous : undefined;
  const named = model.indexedOf(user.id, world.now()).find((session) => session === plan.instead);
  const replaced = previous?.userId === user.id ? previous : named;
  const { expected, evicted } = expectedLogin(world, held, replaced);

  const { transport } = plan;
  const revokeSessionId = plan.instead?.handle;
  const options = { principal, ticket: held.ticket, transport, revokeSessionId };
  const { result, at } = await world.during(() =>
    outcomeOf(() => request.node.service.establish(request.req, options)),
  );
  guarantee(
    'G2/G10',
    result.outcome === expected.outcome,
    () => `a login ended with ${result.outcome}, not ${expected.outcome}: ${expected.why}`,
  );
  for (const session of evicted) model.end(session, 'evicted');
  if (expected.makesRoom && replaced) model.end(replaced, 'replaced');
  const isBrowser = transport === 'cookie' && previous?.kind?.transport === 'cookie';
  if (isBrowser && expected.makesRoom && previous === replaced) previous.moved = at;
  if (expected.makesRoom) model.rememberRevocations(user, at);
  if (expected.makesRoom && world.setting.maxSessions > 0) model.looked(user);
  if (expected.outcome !== 'ok') {
    if (cart && expected.takes) model.giveBack(cart, at);
    return;
  }
  if (cart) model.take(cart, at);
  else if (previous?.userId) model.end(previous, 'replaced');
  if (isBrowser && previous.userId !== user.id) previous.moved = at;
  const left: Data = structuredClone(cart?.data ?? {});
  // A visitor who has no record yet takes along what he has put into the request.
  if (!previous) for (const edit of request.unsaved) applyEdit(left, edit);
  const data: Data = left.cart ? { cart: left.cart } : {};
  const token = request.req.sessionID;
  const kind = kindFor(principal.roles, transport);
  const session = model.add({ ...world.identity(token), userId: user.id, kind, data }, at);
  goOn(world, request, session, principal.roles);
  guarantee('G6', result.result?.session.id === session.handle, () => 'a login names another session');
}

interface ExpectedLogin {
  outcome: string;
  why: string;
  /** Whether it got as far as taking what the anonymous session holds. */
  takes: boolean;
  /** Whether it got as far as ending sessions that are in its way. */
  makesRoom: boolean;
}

function expectedLogin(
  world: World,
  { user, revocations, epoch, takenAtMs }: OpenLogin,
  replaced: ModelSession | undefined,
): { expected: ExpectedLogin; evicted: ModelSession[] } {
  const { model, setting } = world;
  const now = world.now();
  const refuse = (outcome: string, why: string, takes: boolean) => ({
    expected: { outcome, why, takes, makesRoom: false },
    evicted: [],
  });
  if (now - takenAtMs > LONGEST_LOGIN_MS) return refuse('StaleLoginError', 'its ticket is too old', false);
  if (model.revocationsOf(user, now) !== revocations) return refuse('StaleLoginError', 'revoked since', true);
  const rivals = model.indexedOf(user.id, now).filter((session) => session !== replaced);
  const over = setting.maxSessions === 0 ? 0 : Math.max(0, rivals.length + 1 - setting.maxSessions);
  if (over > 0 && setting.limitPolicy === 'reject') return refuse('TooManySessionsError', 'no room', true);
  const age = ({ created, touched }: ModelSession) =>
    (setting.limitPolicy === 'evict-oldest' ? created : touched).fromMs;
  rivals.sort((a, b) => age(a) - age(b) || (a.digest < b.digest ? -1 : 1));
  const outcome = epoch === model.epoch ? 'ok' : 'StaleLoginError';
  return {
    expected: { outcome, why: 'everybody was logged out since', takes: true, makesRoom: true },
    evicted: rivals.slice(0, over),
  };
}

/** Re-authentication or a password change: the session of a request goes on under a new id. */
export async function rotate(
  world: World,
  request: OpenRequest,
  change: { revokeOthers: boolean; fresh: boolean },
): Promise<void> {
  const { model } = world;
  const { session, req, node, unsaved } = request;
  const user = session && model.userOf(session);
  const { revokeOthers } = change;
  const now = world.now();
  const goesOn = user && session.kind && model.isLive(session, now);
  const others = user ? model.indexedOf(user.id, now).filter((other) => other !== session) : [];
  const vanished = user ? model.danglingOf(user, now) : 0;
  const principal = change.fresh ? user?.principal : undefined;
  const { result, at } = await world.during(() =>
    outcomeOf(() => node.service.rotate(req, { principal, revokeOthers })),
  );
  const expected = goesOn ? 'ok' : 'SessionEndedError';
  guarantee(
    'G1',
    result.outcome === expected,
    () => `a rotation ended with ${result.outcome}, not ${expected}`,
  );
  if (!goesOn || !session.kind) return;
  if (revokeOthers) counted(result.result?.revoked ?? -1, others.length, vanished);
  model.end(session, 'rotated');
  session.moved = at;
  if (revokeOthers) {
    model.endAll(user.id, 'revoked by a rotation');
    model.revoked(user, at);
  }
  const data = structuredClone(session.data);
  for (const edit of unsaved) applyEdit(data, edit);
  const roles = change.fresh ? user.principal.roles : request.roles;
  const kind = kindFor(roles, session.kind.transport);
  const next = model.add({ ...world.identity(req.sessionID), userId: user.id, kind, data }, at);
  next.created = { ...session.created };
  model.capAbsolute(next, session.absolute);
  goOn(world, request, next, roles);
}

/** A request works with a new session from now on. */
function goOn(world: World, request: OpenRequest, session: ModelSession, roles: string[]): void {
  const user = world.model.userOf(session);
  const revocations = user ? world.model.revocationsOf(user, world.now()) : 0;
  Object.assign(request, { session, unsaved: [], revision: 1, revocations, roles });
}
