import fc from 'fast-check';
import * as crowd from './crowd-steps.js';
import { checkInvariants } from './invariants.js';
import { login, rotate, takeTicket } from './login-steps.js';
import { EVERYTHING_OVER_MS, type Setting } from './policy.js';
import * as requests from './request-steps.js';
import * as revocation from './revocation-steps.js';
import { type Observer, takeSnapshot } from './snapshot.js';
import type { Step } from './step.js';
import * as store from './store-steps.js';
import type { Nodes } from './subject.js';
import { guarantee, latest, World } from './world.js';

// Far longer than a run takes, and far shorter than what lies between two times that the model compares.
const MAX_RUN_MS = 20_000;

/** Runs steps on two nodes and in the model, and checks after each that they agree. */
export async function runSteps(
  nodes: Nodes,
  redis: Observer,
  setting: Setting,
  steps: readonly Step[],
): Promise<void> {
  const world = new World(nodes.subject, await nodes.with(setting), redis, setting);
  await redis.flushall();
  const startedMs = Date.now();
  let now = 'the beginning';
  try {
    for (const [i, step] of steps.entries()) {
      now = `step ${i + 1} of ${steps.length}, ${JSON.stringify(step)}`;
      await runStep(world, step);
      // A machine that was suspended has let time pass that the model knows nothing of.
      fc.pre(Date.now() - startedMs < MAX_RUN_MS);
      await checkInvariants(world, i, i === steps.length - 1);
    }
    now = 'the end';
    await checkNothingIsLeft(world);
  } catch (error) {
    if (error instanceof Error && !fc.PreconditionFailure.isFailure(error)) error.message += `\n  at ${now}`;
    throw error;
  }
}

async function checkNothingIsLeft(world: World): Promise<void> {
  await world.travel(EVERYTHING_OVER_MS);
  const { keys } = await takeSnapshot(world.redis);
  const left = [...keys.keys()].filter((key) => !key.endsWith('{everyone}:epoch'));
  guarantee('G3', left.length === 0, () => `${left.join(', ')} would stay for ever`);
}

async function runStep(world: World, step: Step): Promise<void> {
  if ('request' in step && step.do !== 'login') return runRequestStep(world, step);
  if ('session' in step) {
    const session = world.session(step.session);
    return session && runSessionStep(world, step, session);
  }
  switch (step.do) {
    case 'visit':
      return requests.visit(world, step.node);
    case 'arriveLate':
      return requests.arriveLate(world, step.node, step.gone);
    case 'ticket':
      return void (await takeTicket(world, step.node, world.user(step.user)));
    case 'login':
      return runLogin(world, step);
    case 'revokeAll':
      return revocation.revokeAll(world, step.node, world.user(step.user));
    case 'revokeEveryone': {
      const keep = step.keep === null ? undefined : world.session(step.keep);
      return revocation.revokeEveryone(world, step.node, keep);
    }
    case 'principal':
      return revocation.changePrincipal(world, step.node, world.user(step.user), step);
    case 'list':
      return revocation.list(world, step.node, world.user(step.user));
    case 'loginTogether':
      return crowd.loginTogether(world, world.user(step.user), step.logins);
    case 'revokeInTheMidst':
      return crowd.revokeInTheMidst(world, world.user(step.user));
    case 'revokeTwiceAtOnce':
      return crowd.revokeTwiceAtOnce(world, world.user(step.user));
    case 'loseIndex':
      return store.loseIndex(world, world.user(step.user));
    case 'wait':
      return world.travel(step.ms);
  }
}

async function runLogin(world: World, step: Extract<Step, { do: 'login' }>): Promise<void> {
  const held =
    step.ticket === null
      ? await takeTicket(world, step.node, world.user(step.user))
      : latest(world.logins, step.ticket);
  if (!held) return;
  const known = step.request === null ? undefined : world.request(step.request);
  const request = known ?? world.visitor(world.node(step.node));
  const instead = step.instead === null ? undefined : world.session(step.instead);
  await login(world, held, request, { transport: step.bearer ? 'bearer' : 'cookie', instead });
  if (!known && request.session) world.requests.push(request);
}

async function runRequestStep(
  world: World,
  step: Exclude<Extract<Step, { request: number | null }>, { do: 'login' }>,
): Promise<void> {
  const request = world.request(step.request);
  if (!request) return;
  switch (step.do) {
    case 'change':
      return requests.change(world, request, step.edit);
    case 'save':
      if (step.edit !== null) requests.change(world, request, step.edit);
      return requests.save(world, request, step.policy);
    case 'touch':
      return requests.touch(world, request);
    case 'logout':
      return requests.logout(world, request);
    case 'regenerate':
      return store.regenerate(world, request, step.keepUser);
    case 'rotate':
      return rotate(world, request, step);
  }
}

async function runSessionStep(
  world: World,
  step: Extract<Step, { session: number }>,
  session: World['model']['sessions'][number],
): Promise<void> {
  switch (step.do) {
    case 'open':
      return void (await requests.open(world, step.node, session));
    case 'update':
      return store.update(world, step.node, session);
    case 'put':
      return store.put(world, step.node, session);
    case 'destroy':
      return store.destroy(world, step.node, session);
    case 'misplace':
      return store.misplace(world, step.node, session);
    case 'revoke':
      return revocation.revoke(world, step.node, session, step.byStranger);
    case 'revokeOthers':
      return revocation.revokeOthers(world, step.node, session);
    case 'saveTogether':
      return crowd.saveTogether(world, session, step.writers);
    case 'countTogether':
      return crowd.countTogether(world, session, step.writers);
    case 'loseRecord':
      return store.loseRecord(world, session);
  }
}
