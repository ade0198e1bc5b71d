import { readFileSync } from 'node:fs';
import { SetupError } from './say.mjs';

/** @throws {SetupError} when this Node is none that package.json's `engines` names. */
export function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  if (satisfies(process.versions.node, engines.node)) return;
  throw new SetupError(
    `Node ${process.versions.node} is not supported. Install Node ${engines.node}, then try again.`,
  );
}

/**
 * Whether a version is in a range of the two forms that `engines` uses: `^1.2.3` and `>=1.2.3`, joined by `||`.
 *
 * @param {string} version
 * @param {string} range
 */
export function satisfies(version, range) {
  const actual = numbersOf(version);
  return range.split('||').some((part) => {
    const least = numbersOf(part);
    if (part.trim().startsWith('^') && actual[0] !== least[0]) return false;
    const differences = least.map((number, index) => (actual[index] ?? 0) - number);
    return (differences.find((difference) => difference !== 0) ?? 0) >= 0;
  });
}

/** @param {string} text */
function numbersOf(text) {
  return (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}
