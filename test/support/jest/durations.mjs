// How long spec files take, for the order in which they start, and for what is measured while they run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FILE = fileURLToPath(new URL('durations.json', import.meta.url));
// A file that nobody has timed yet.
const USUAL_SECONDS = 3;
// Below that, the order does not matter, and the list would change with the weather.
const WORTH_NOTING_SECONDS = 4;

/** @type {Record<string, number>} */
const noted = JSON.parse(readFileSync(FILE, 'utf8'));

/**
 * @param {string} path of a spec file
 * @returns {number} about how long it takes
 */
export function secondsOf(path) {
  return noted[path.slice(ROOT.length)] ?? USUAL_SECONDS;
}

/**
 * Writes down how long these spec files have just taken, and forgets those that are no more.
 *
 * @param {{ testFilePath: string, perfStats: { start: number, end: number } }[]} results
 */
export function noteDurations(results) {
  const all = Object.entries(noted).filter(([path]) => existsSync(ROOT + path));
  const now = results.map(({ testFilePath, perfStats: { start, end } }) => [
    testFilePath.slice(ROOT.length),
    Math.round((end - start) / 1000),
  ]);
  const kept = Object.entries(Object.fromEntries([...all, ...now])).filter(
    ([, seconds]) => Number(seconds) >= WORTH_NOTING_SECONDS,
  );
  kept.sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}
