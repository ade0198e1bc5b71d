import type { Setting } from '../policy.js';
import type { Unusual } from '../step.js';

/** One mechanism of `src/session`, taken out. */
export interface Mutant {
  name: string;
  /** Below `src/session`. */
  file: string;
  /** Occurs exactly once in it, so that a list of these cannot rot unnoticed. */
  find: string;
  replace: string;
  /** Where it shows: kinds of steps that a run needs for it. Without them: any run. */
  around?: Unusual[] | undefined;
  /** What a run needs besides. */
  setting?: Partial<Setting> | undefined;
}

type Row = [name: string, find: string, replace: string, around?: Unusual[], setting?: Partial<Setting>];

/** Mutants of one script. */
export const inScript = (script: string, rows: Row[]): Mutant[] =>
  rows.map(([name, find, replace, around, setting]) => ({
    name,
    file: `store/lua/${script}.lua`,
    find,
    replace,
    around,
    setting,
  }));

/** How scripts refuse a session of an older generation. */
export const NOT_OF_GENERATION =
  "if indexed and tonumber(string.sub(header, 41, 53)) < tonumber(redis.call('GET', KEYS[3]) or '0') then return {'GONE'} end";

/** How scripts take what has expired out of an index. */
export const PRUNE = (key: number): string =>
  `redis.call('ZREMRANGEBYSCORE', KEYS[${key}], '-inf', now - 1000)`;
