import type { SessionData } from 'express-session';
import { applyEdit, type EditKind, makeEdit } from './edits.js';
import { expectLoaded } from './loaded-session.js';
import { TOUCH_INTERVAL_MS } from './policy.js';
import type { Data, ModelSession, Moment } from './session-model.js';
import { guarantee, latest, type OpenRequest, outcomeOf, type World } from './world.js';

/** A request comes in with the id of a session, live or not, on either node. */
export async function open(
  world: World,
  node: number,
  session: ModelSession,
): Promise<OpenRequest | undefined> {
  const request = world.visitor(world.node(node));
  const { store, sent } = request.node;
  const before = sent.length;
  const data = (await store.get(session.token)) as SessionData | null;
  // What a revoke-all left is swept whenever there is time.
  const commands = sent.slice(before).filter((one) => one.includes(session.tag) && !one.includes('trash:'));
  guarantee('G8', commands.length === 1, () => `a read sent ${commands.length}: ${commands.join(', ')}`);
  expectLoaded(world, session, data);
  if (!data) return undefined;
  request.req.sessionID = session.token;
  request.node.store.createSession(request.req, data);
  request.session = session;
  request.revision = session.revision;
  const user = world.model.userOf(session);
  request.revocations = user ? world.model.revocationsOf(user, world.now()) : 0;
  request.roles = user?.principal.roles ?? [];
  world.requests.push(request);
  return request;
}

/** A visitor leaves something: an anonymous session. */
export async function visit(world: World, node: number): Promise<void> {
  const request = world.visitor(world.node(node));
  world.requests.push(request);
  change(world, request, 'add');
  await save(world, request, 'merge');
}

/** A request that was sent with the id of a session that is no more by now leaves something, as another tab's would. */
export async function arriveLate(world: World, node: number, which: number): Promise<void> {
  const { model } = world;
  // Apps keep nothing without a session.
  const gone = model.sessions.filter(
    (session) => !model.isLive(session, world.now()) && session.kind?.transport !== 'bearer',
  );
  const late = latest(gone, which);
  if (!late) return;
  const request = world.visitor(world.node(node));
  const { token } = late;
  world.subject.requestStateOf(request.req).arrival = {
    token,
    id: token,
    data: {},
    touched: false,
    unread: undefined,
  };
  request.late = late;
  world.requests.push(request);
  change(world, request, 'add');
  await save(world, request, 'merge');
}

export function change(world: World, request: OpenRequest, kind: EditKind): void {
  const data = request.req.session as unknown as Data;
  const edit = makeEdit(kind, world.nextId(), data, request.unsaved);
  applyEdit(data, edit);
  request.unsaved.push(edit);
}

export type Policy = 'merge' | 'strict' | 'readonly';

export async function save(world: World, request: OpenRequest, policy: Policy): Promise<void> {
  const { session, req, node } = request;
  const expected = expectedSave(world, request, policy);
  world.subject.requestStateOf(req).savePolicy = policy;
  const { result, at } = await world.during(async () => {
    const saved = await outcomeOf(() => node.store.set(req.sessionID, req.session) as Promise<void>);
    await allSent(request);
    return saved;
  });
  guarantee(
    'G1/G4',
    result.outcome === expected,
    () => `a save ended with ${result.outcome}, not ${expected}`,
  );
  if (expected === 'SessionConflictError') world.requests.splice(world.requests.indexOf(request), 1);
  if (expected !== 'ok' || policy === 'readonly') return;
  if (session && request.unsaved.length === 0) {
    used(world, session, at);
    return;
  }
  if (session) {
    written(world, session, at, (data) => request.unsaved.forEach((edit) => applyEdit(data, edit)));
  } else {
    const data: Data = {};
    request.unsaved.forEach((edit) => applyEdit(data, edit));
    request.session = world.model.add(
      { ...world.identity(req.sessionID), userId: undefined, kind: undefined, data },
      at,
    );
  }
  request.revision = request.session?.revision ?? 0;
  request.unsaved = [];
}

function expectedSave(
  world: World,
  { session, unsaved, revision, late }: OpenRequest,
  policy: Policy,
): string {
  if (policy !== 'readonly' && !session && late && world.model.isRememberedAsMoved(late, world.now()))
    return 'SessionMovedError';
  if (policy === 'readonly' || !session || unsaved.length === 0) return 'ok';
  if (world.model.isRememberedAsTaken(session, world.now())) return 'SessionMovedError';
  if (!world.model.isLive(session, world.now())) return 'SessionEndedError';
  return policy === 'strict' && revision !== session.revision ? 'SessionConflictError' : 'ok';
}

/** What the model makes of a write that was acknowledged. */
export function written(world: World, session: ModelSession, at: Moment, edit: (data: Data) => void): void {
  session.data = structuredClone(session.data);
  edit(session.data);
  session.revision += 1;
  world.model.use(session, at);
}

export const countUp = (data: { n?: unknown }) => {
  data.n = Number(data.n ?? 0) + 1;
};

/** A request that changed nothing uses its session; its answer does not wait for that. */
export async function touch(world: World, request: OpenRequest): Promise<void> {
  const { session, req, node } = request;
  const { at } = await world.during(async () => {
    await node.store.touch(req.sessionID, req.session);
    await allSent(request);
  });
  if (session) used(world, session, at);
}

/** What was sent before on the same connection has been answered when this is. */
const allSent = ({ node }: OpenRequest) => node.client.ping();

function used(world: World, session: ModelSession, at: Moment): void {
  if (!world.model.isLive(session, at.fromMs)) return;
  if (at.fromMs - session.touched.toMs >= TOUCH_INTERVAL_MS) world.model.use(session, at);
}

export async function logout(world: World, request: OpenRequest): Promise<void> {
  const { session } = request;
  const expected = session !== undefined && world.model.isLive(session, world.now());
  const ended = (await request.node.service.end(request.req)) !== null;
  guarantee('G1', ended === expected, () => `a logout says ${ended}, not ${expected}`);
  if (session) world.model.end(session, 'logged out');
  world.requests.splice(world.requests.indexOf(request), 1);
}
