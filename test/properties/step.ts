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
  | { do: 'change'; request: number; edit: EditKind }
  | { do: 'save'; request: number; edit: EditKind | null; policy: Policy }
  | { do: 'touch' | 'logout'; request: number }
  | { do: 'update' | 'put' | 'destroy'; node: number; session: number }
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
  | { do: 'saveTogether'; session: number; writers: number }
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
  step(4, 'login', {
    node,
    user,
    ticket: fc.constant(null),
    request: maybe,
    bearer: fc.boolean(),
    instead: maybe,
  }),
  step(6, 'open', { node, session: some }),
  step(9, 'save', { request: some, edit: fc.option(edit, { freq: 5 }), policy }),
  step(3, 'wait', { ms: fc.constantFrom(...WAITS_MS) }),
];

/** What only some runs have: few kinds of steps meet each other in more ways than many do ("swarm testing"). */
const UNUSUAL = [
  [step(6, 'visit', { node })],
  [
    step(6, 'ticket', { node, user }),
    step(6, 'login', {
      node,
      user,
      ticket: some,
      request: maybe,
      bearer: fc.boolean(),
      instead: fc.constant(null),
    }),
  ],
  [step(3, 'change', { request: some, edit })],
  [step(8, 'touch', { request: some })],
  [step(4, 'update', { node, session: some })],
  [step(3, 'put', { node, session: some })],
  [step(6, 'rotate', { request: some, revokeOthers: fc.boolean(), fresh: fc.boolean() })],
  [step(4, 'regenerate', { request: some, keepUser: fc.boolean() })],
  [step(3, 'logout', { request: some })],
  [step(3, 'destroy', { node, session: some })],
  [step(4, 'revoke', { node, session: some, byStranger: rarely })],
  [step(4, 'revokeOthers', { node, session: some })],
  [step(5, 'revokeAll', { node, user })],
  [step(2, 'revokeEveryone', { node, keep: maybe })],
  [
    step(4, 'principal', {
      node,
      user,
      roles: fc.constantFrom([], ['clerk'], ['admin']),
      disabled: rarely,
      overtaken: fc.boolean(),
    }),
  ],
  [step(6, 'list', { node, user })],
  [step(3, 'saveTogether', { session: some, writers: fc.integer({ min: 2, max: 6 }) })],
  [step(3, 'loginTogether', { user, logins: fc.integer({ min: 2, max: 5 }) })],
  [step(3, 'revokeInTheMidst', { user })],
  [step(3, 'revokeTwiceAtOnce', { user })],
  [step(2, 'loseIndex', { user })],
  [step(2, 'loseRecord', { session: some })],
];

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

export const anyRun: fc.Arbitrary<Run> = fc
  .subarray(UNUSUAL, { minLength: 1, maxLength: 5 })
  .chain((kinds) => {
    const steps = fc.array(fc.oneof(...USUAL, ...kinds.flat()), { minLength: 1, maxLength: 40, size: 'max' });
    return fc.record({ setting: anySetting, steps }, { noNullPrototype: true });
  });
