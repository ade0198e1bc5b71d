import { snapshotOf } from './principal-snapshot.js';
import { together } from './durability/revocation.js';
import type { Revocation, SessionMeta, SessionPrincipal } from './session.types.js';
import type { SessionEngine } from './store/session-engine.js';
import type { RotateReply } from './store/session.repository.js';
import type { SessionState } from './store/session-state.js';
import { addressOf, newSessionToken, type SessionAddress } from './token/session-id.js';

type Rotated = Extract<RotateReply, { outcome: 'ok' }>;

/** What a session holds and says of itself under its new id. */
export interface RotatedContent {
  /** The session as the request has it, changes included. */
  session: object;
  principal: SessionPrincipal;
  meta: SessionMeta;
}

/**
 * Moves a live session to a new id in one step, together with what other requests have saved meanwhile. It keeps its
 * creation time, and its absolute expiry is never extended.
 * @param endOthers end every other session of the user in the same step
 * @returns the session under its new id, and what was revoked: how many others, and the old id
 * @throws SessionEndedError, SessionTooLargeError, SessionStoreUnavailableError
 */
export async function rotateSession(
  engine: SessionEngine,
  state: SessionState,
  { session, principal, meta }: RotatedContent,
  endOthers: boolean,
): Promise<{ moved: SessionState; revocation: Revocation }> {
  const token = newSessionToken(state.at.tag);
  const at = addressOf(token);
  const elsewhere = endOthers ? await endUnderOtherTags(engine, principal.id, state.at.tag) : [];
  for (;;) {
    const mine = engine.codec.dataOf(session);
    const merged = state.stored ? engine.writer.merge(state, mine, state.stored) : mine;
    const data = { ...merged, passport: { user: snapshotOf(principal) } };
    const body = engine.bodyOf(meta, data);
    const lifetime = engine.policy.lifetimeOf(meta);
    const reply = await engine.repository.rotate(
      state.at,
      at,
      state.header.revision,
      body,
      lifetime,
      endOthers,
    );
    if (reply.outcome === 'gone') throw engine.writer.gone();
    if (reply.outcome === 'conflict') {
      engine.writer.adopt(state, reply.raw);
      continue;
    }
    engine.users.sweepInBackground(at.tag, reply.trash);
    await endWithEverybody(engine, state.at, at, reply);
    const { observer } = engine.options;
    const revocation = together(...elsewhere, { revoked: reply.ended, durable: reply.durable });
    const { revoked: ended } = revocation;
    if (ended > 0) observer?.onSessionEvent({ type: 'ended', reason: 'revoked-all', count: ended });
    observer?.onSessionEvent({ type: 'ended', reason: 'rotated', count: 1 });
    const header = {
      touchedMs: reply.nowMs,
      absoluteExpiryMs: reply.absoluteExpiryMs,
      createdMs: reply.createdMs,
      generation: reply.generation,
      revision: 1,
    };
    return { moved: engine.stateFrom(token, at, { header, meta, data }, principal), revocation };
  }
}

/** While the index keys are being rotated a user has sessions, and logins under way, under several tags. */
async function endUnderOtherTags(engine: SessionEngine, userId: string, tag: string): Promise<Revocation[]> {
  const revocations: Revocation[] = [];
  for (const other of engine.ring.oldestFirst(userId)) {
    if (other !== tag) revocations.push(await engine.users.revokeAll(other, 'password-changed'));
  }
  return revocations;
}

/** @throws SessionEndedError when everybody's sessions are being ended, by a scan that may have missed this one */
async function endWithEverybody(
  engine: SessionEngine,
  from: SessionAddress,
  to: SessionAddress,
  { createdMs, nowMs }: Rotated,
): Promise<void> {
  const keyOf = ({ tag, digest }: SessionAddress) => engine.redis.keys.session(tag, digest);
  const moved = { createdMs, aliveMs: nowMs, from: keyOf(from), to: keyOf(to) };
  if (!(await engine.everyone.mustEnd(moved))) return;
  await engine.repository.destroy(to, 'everyone');
  throw engine.writer.gone();
}
