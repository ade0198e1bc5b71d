import fc from 'fast-check';
import type { EditKind } from './edits.js';
import { type Setting, WAITS_MS } from './policy.js';
import type { Policy } from './request-steps.js';

/**
 * One thing that happens. Sessions, requests and logins are named by how many came after them (0 is the
 * latest), so that a list of steps still means something when others are taken out of it.
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
  | { do: 'login'; node: number; user: number; ticket: number | null; request: number | null; bearer: boolean; instead: number | null }
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
const some = fc.nat(5);
const maybe = fc.option(some, { freq: 2 });
const edit = fc.constantFrom<EditKind>('add', 'append', 'remove', 'set');
const policy = fc.constantFrom<Policy>('merge', 'merge', 'merge', 'strict', 'readonly');
const rarely = fc.constantFrom(false, false, false, true);

type Called<Name, One = Step> = One extends { do: infer Names } ? (Name extends Names ? Omit<One, 'do'> : never) : never;

const step = <Name extends Step['do']>(
  weight: number,
  name: Name,
  rest: { [Key in keyof Called<Name>]: fc.Arbitrary<Called<Name>[Key]> },
) => ({ weight, arbitrary: fc.record({ do: fc.constant(name), ...rest }, { noNullPrototype: true }) as unknown as fc.Arbitrary<Step> });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  step(3, 'visit', { node }),
  step(9, 'login', { node, user, ticket: fc.constant(null), request: maybe, bearer: fc.boolean(), instead: maybe }),
  step(5, 'login', { node, user, ticket: some, request: maybe, bearer: fc.boolean(), instead: fc.constant(null) }),
  step(5, 'ticket', { node, user }),
  step(10, 'open', { node, session: some }),
  step(2, 'change', { request: some, edit }),
  step(10, 'save', { request: some, edit: fc.option(edit, { freq: 5 }), policy }),
  step(7, 'touch', { request: some }),
  step(2, 'update', { node, session: some }),
  step(1, 'put', { node, session: some }),
  step(5, 'rotate', { request: some, revokeOthers: fc.boolean(), fresh: fc.boolean() }),
  step(3, 'regenerate', { request: some, keepUser: fc.boolean() }),
  step(2, 'logout', { request: some }),
  step(1, 'destroy', { node, session: some }),
  step(2, 'revoke', { node, session: some, byStranger: rarely }),
  step(3, 'revokeOthers', { node, session: some }),
  step(4, 'revokeAll', { node, user }),
  step(1, 'revokeEveryone', { node, keep: maybe }),
  step(2, 'principal', {
    node,
    user,
    roles: fc.constantFrom([], ['clerk'], ['admin']),
    disabled: rarely,
    overtaken: fc.boolean(),
  }),
  step(4, 'list', { node, user }),
  step(1, 'saveTogether', { session: some, writers: fc.integer({ min: 2, max: 6 }) }),
  step(1, 'loginTogether', { user, logins: fc.integer({ min: 2, max: 5 }) }),
  step(1, 'revokeInTheMidst', { user }),
  step(1, 'revokeTwiceAtOnce', { user }),
  step(1, 'loseIndex', { user }),
  step(1, 'loseRecord', { session: some }),
  step(9, 'wait', { ms: fc.constantFrom(...WAITS_MS) }),
);

export const anySteps: fc.Arbitrary<Step[]> = fc.array(anyStep, { minLength: 1, maxLength: 40, size: 'max' });

export const anySetting: fc.Arbitrary<Setting> = fc.record({
  maxSessions: fc.constantFrom(0, 1, 2, 3),
  limitPolicy: fc.constantFrom('evict-lru', 'evict-oldest', 'reject'),
  inlineDeletes: fc.constantFrom(0, 1, 200),
  sweeps: fc.boolean(),
}, { noNullPrototype: true });
