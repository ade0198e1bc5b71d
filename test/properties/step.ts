import fc from 'fast-check';
import type { EditKind } from './edits.js';
import { type Setting, WAITS_MS } from './policy.js';
import type { Policy } from './request-steps.js';

/**
 * One thing that happens. Sessions, requests and logins are named by how many came after them (0 is the
 * latest; live ones come first), so that a list of steps still means something when others are taken out of it.
 */
export type Step =
  | { do: 'visit'; node: number }
  | { do: 'open'; node: number; session: number }
  | { do: 'arriveLate'; node: number; gone: number }
  | { do: 'change'; request: number; edit: EditKind }
  | { do: 'save'; request: number; edit: EditKind | null; policy: Policy }
  | { do: 'touch' | 'logout'; request: number }
  | { do: 'update' | 'put' | 'destroy' | 'misplace'; node: number; session: number }
  | { do: 'regenerate'; request: number; keepUser: boolean }
  | { do: 'ticket'; node: number; user: number }
  | {
      do: 'login';
      node: number;
      user: number;
      ticket: number | null;
      request: number | null;
      bearer: boolean;
      instead: number | null;
    }
  | { do: 'rotate'; request: number; revokeOthers: boolean; fresh: boolean }
  | { do: 'revoke'; node: number; session: number; byStranger: boolean }
  | { do: 'revokeOthers'; node: number; session: number }
  | { do: 'revokeAll' | 'list'; node: number; user: number }
  | { do: 'revokeEveryone'; node: number; keep: number | null }
  | { do: 'principal'; node: number; user: number; roles: string[]; disabled: boolean; overtaken: boolean }
  | { do: 'saveTogether' | 'countTogether'; session: number; writers: number }
  | { do: 'loginTogether'; user: number; logins: number }
  | { do: 'revokeInTheMidst' | 'revokeTwiceAtOnce' | 'loseIndex'; user: number }
  | { do: 'loseRecord'; session: number }
  | { do: 'wait'; ms: number };

const node = fc.nat(1);
// One user has most of the sessions; the other is there to be left alone.
const user = fc.constantFrom(0, 0, 0, 1);
// Mostly the latest, so that the same few entities meet again and again.
const some = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5);
const maybe = fc.option(some, { freq: 2 });
const edit = fc.constantFrom<EditKind>('add', 'append', 'append', 'remove', 'set');
const policy = fc.constantFrom<Policy>('merge', 'merge', 'merge', 'strict', 'readonly');
const bearer = fc.boolean();
const rarely = fc.constantFrom(false, false, false, true);

type Called<Name, One = Step> = One extends { do: infer Names }
  ? Name extends Names
    ? Omit<One, 'do'>
    : never
  : never;

const step = <Name extends Step['do']>(
  weight: number,
  name: Name,
  rest: { [Key in keyof Called<Name>]: fc.Arbitrary<Called<Name>[Key]> },
) => ({
  weight,
  arbitrary: fc.record(
    { do: fc.constant(name), ...rest },
    { noNullPrototype: true },
  ) as unknown as fc.Arbitrary<Step>,
});

/** What every run is made of. */
const USUAL = [
  step(5, 'login', {
    node,
    user,
    ticket: fc.constant(null),
    request: maybe,
    bearer,
    instead: maybe,
  }),
  step(6, 'open', { node, session: some }),
  step(11, 'save', { request: some, edit: fc.option(edit, { freq: 5 }), policy }),
  step(5, 'wait', { ms: fc.constantFrom(...WAITS_MS) }),
];

/** What only some runs have: few kinds of steps meet each other in more ways than many do ("swarm testing"). */
const UNUSUAL = {
  visits: [
    step(6, 'visit', { node }),
    step(6, 'login', {
      node,
      user,
      ticket: fc.constant(null),
      request: some,
      bearer,
      instead: fc.constant(null),
    }),
  ],
  tickets: [
    step(6, 'ticket', { node, user }),
    step(6, 'login', { node, user, ticket: some, request: maybe, bearer, instead: fc.constant(null) }),
  ],
  changes: [step(3, 'change', { request: some, edit })],
  touches: [step(8, 'touch', { request: some })],
  updates: [
    step(4, 'update', { node, session: some }),
    step(3, 'countTogether', { session: some, writers: fc.integer({ min: 2, max: 6 }) }),
  ],
  puts: [step(3, 'put', { node, session: some })],
  rotations: [step(6, 'rotate', { request: some, revokeOthers: fc.boolean(), fresh: fc.boolean() })],
  regenerations: [step(4, 'regenerate', { request: some, keepUser: fc.boolean() })],
  logouts: [step(3, 'logout', { request: some })],
  destructions: [step(3, 'destroy', { node, session: some })],
  revocations: [step(4, 'revoke', { node, session: some, byStranger: rarely })],
  revocationsOfOthers: [step(4, 'revokeOthers', { node, session: some })],
  revocationsOfAll: [step(5, 'revokeAll', { node, user })],
  ends: [step(2, 'revokeEveryone', { node, keep: maybe })],
  principals: [
    step(4, 'principal', {
      node,
      user,
      roles: fc.constantFrom([], ['clerk'], ['admin']),
      disabled: rarely,
      overtaken: fc.boolean(),
    }),
  ],
  misplacements: [step(3, 'misplace', { node, session: some })],
  lists: [step(6, 'list', { node, user })],
  crowdsOfSaves: [step(3, 'saveTogether', { session: some, writers: fc.integer({ min: 2, max: 6 }) })],
  crowdsOfLogins: [step(3, 'loginTogether', { user, logins: fc.integer({ min: 2, max: 5 }) })],
  revocationsInTheMidst: [step(3, 'revokeInTheMidst', { user }), step(3, 'revokeTwiceAtOnce', { user })],
  latecomers: [step(8, 'arriveLate', { node, gone: some })],
  lostIndexes: [step(2, 'loseIndex', { user })],
  lostRecords: [step(2, 'loseRecord', { session: some })],
};

export type Unusual = keyof typeof UNUSUAL;

export interface Run {
  setting: Setting;
  steps: Step[];
}

const anySetting: fc.Arbitrary<Setting> = fc.record(
  {
    maxSessions: fc.constantFrom(0, 1, 2, 3),
    limitPolicy: fc.constantFrom('evict-lru', 'evict-oldest', 'reject'),
    inlineDeletes: fc.constantFrom(0, 1, 200),
    sweeps: fc.boolean(),
  },
  { noNullPrototype: true },
);

const runsWith = (kinds: Unusual[], setting: fc.Arbitrary<Setting>, minLength: number): fc.Arbitrary<Run> => {
  const step = fc.oneof(...USUAL, ...kinds.flatMap((kind) => UNUSUAL[kind]));
  const steps = fc.array(step, { minLength, maxLength: 40, size: 'max' });
  return fc.record({ setting, steps }, { noNullPrototype: true });
};

export const anyRun: fc.Arbitrary<Run> = fc
  .subarray(Object.keys(UNUSUAL) as Unusual[], { minLength: 1, maxLength: 5 })
  .chain((kinds) => runsWith(kinds, anySetting, 1));

/** A part of all runs, in which something is found sooner: long ones with these kinds of steps and this setting. */
export const runsAround = (kinds: Unusual[], setting: Partial<Setting> = {}): fc.Arbitrary<Run> =>
  runsWith(
    kinds,
    anySetting.map((any) => ({ ...any, ...setting })),
    30,
  );
