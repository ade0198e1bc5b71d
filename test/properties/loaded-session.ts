import type { SessionData } from 'express-session';
import type { Data, ModelSession } from './session-model.js';
import { canonical, guarantee, type World } from './world.js';

/** Compares what a store gave for the id of a session with what the model believes. */
export function expectLoaded(world: World, session: ModelSession, loaded: SessionData | null): void {
  const usable = world.model.isUsable(session, world.now());
  const name = `session ${session.nr}`;
  guarantee(
    'G1/G5',
    usable || loaded === null,
    () => `${name} was accepted, though ${session.end ?? 'over'}`,
  );
  guarantee('G4', !usable || loaded !== null, () => `${name} was not accepted, though live`);
  if (loaded === null) return;
  const { cookie, passport, ...data } = loaded as SessionData & {
    passport?: { user: { id: string } };
  } & Data;
  guarantee('G4', typeof cookie === 'object', () => `${name} has no cookie`);
  const [holds, should] = [canonical(data), canonical(session.data)];
  guarantee('G4', holds === should, () => `${name} holds ${holds}, not ${should}`);
  guarantee('G3', passport?.user.id === session.userId, () => `${name} is ${passport?.user.id}'s`);

  const state = world.subject.stateOf(loaded);
  const { profile, transport } = state?.meta ?? {};
  guarantee(
    'G5',
    profile === session.kind?.profile && transport === session.kind?.transport,
    () => `${name} has the profile ${profile} over ${transport}`,
  );
  const [believes, known] = [canonical(state?.principal), canonical(world.model.userOf(session)?.principal)];
  guarantee('principal', believes === known, () => `${name} believes of its user ${believes}, not ${known}`);
}
