import { editsBetween } from './edits-between.js';

// A slip of the finger, two letters exchanged, or another case.
const MOST_EDITS = 2;

/**
 * Options that there are not, with the one that may have been meant. A misspelt limit is no limit, and nobody would
 * notice: TypeScript says nothing of it when options come from a factory, a spread or a file.
 * @param known every option there is
 * @param where.path before the name, such as `cookie.`
 * @param where.hints what to say of some that there are not
 */
export function unknownOptions(
  options: object,
  known: Readonly<Record<string, true>>,
  { path = '', hints = {} }: { path?: string; hints?: Readonly<Record<string, string>> } = {},
): string[] {
  return Object.keys(options)
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => {
      const meant = nearestTo(name, Object.keys(known));
      const guess = meant === undefined ? 'take it out.' : `is ${path}${meant} meant?`;
      const hint = Object.hasOwn(hints, name) ? hints[name] : guess;
      return `${path}${name}: there is no such option; ${hint}`;
    });
}

/** What is wrong with options that are no object. */
export const NO_OPTIONS = 'options: pass an object; a factory has to return one, or a promise of one.';

/** What must hold, and what to say when it does not. */
export type Check = [holds: boolean, problem: string];

/** What is to be said of checks that do not hold. */
export const failed = (...checks: Check[]): string[] =>
  checks.filter(([holds]) => !holds).map(([, problem]) => problem);

/** What is called an object here: something with members, and no list. */
export const named = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether this is a text of at least one character. */
export const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Whether this is a list of such texts; an empty one is. */
export const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(isFilled);

/** Whether this is a whole number of at least that much. */
export const isWhole = (value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/** The methods that a port lacks. */
export function methodsMissing<T extends object>(
  port: T | null | undefined,
  methods: readonly (keyof T & string)[],
): string[] {
  return methods.filter((method) => typeof port?.[method] !== 'function');
}

/** Whether a port has all these methods. */
export function hasMethods<T extends object>(
  port: T | null | undefined,
  methods: readonly (keyof T & string)[],
): boolean {
  return methodsMissing(port, methods).length === 0;
}

function nearestTo(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const near = known
    .map((option) => ({ option, edits: editsBetween(wanted, option.toLowerCase()) }))
    .filter(({ option, edits }) => edits <= Math.min(MOST_EDITS, option.length / 3))
    .sort((a, b) => a.edits - b.edits)[0]?.option;
  // maxSessionBytes for maxSessionSize, secret for secrets: what begins alike for long is next best.
  return near ?? known.find((option) => commonStart(wanted, option.toLowerCase()) >= 5);
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
