import { parseArgs } from 'node:util';
import { SetupError } from '../../scripts/lib/say.mjs';

/**
 * @typedef {object} Settings what a run does
 * @property {boolean} quick few short rounds, to see that everything works; its figures say little
 * @property {number} rounds
 * @property {number} seconds of one measurement
 * @property {number} warmUpSeconds
 * @property {string[]} only letters of the variants
 * @property {string[]} scenarios
 * @property {string} node that the servers run with
 * @property {string} [out] file for the results
 */

export const USAGE = `npm run bench -- [options]

  --quick             few short rounds, under three minutes, to see that everything works
  --only b,g          variants, by letter; all of them without it
  --scenario read,…   scenarios; all of them without it
  --rounds N          of the scenarios that alternate between variants
  --seconds N         of each measurement
  --node PATH         the node that the servers run with; the load generator keeps this one
  --out FILE          where the results go; bench/results/<time>.json without it`;

/**
 * @param {string[]} args
 * @param {{ variants: string[], scenarios: string[] }} known
 * @returns {Settings}
 * @throws {SetupError} with what may be said
 */
export function parseSettings(args, known) {
  const { values } = read(args);
  if (values.help) throw new SetupError(USAGE);
  const quick = values.quick === true;
  return {
    quick,
    rounds: number('rounds', values.rounds, quick ? 1 : 3),
    seconds: number('seconds', values.seconds, quick ? 1 : 4),
    warmUpSeconds: quick ? 0.7 : 2,
    only: list('only', values.only, known.variants),
    scenarios: list('scenario', values.scenario, known.scenarios),
    node: values.node ?? process.execPath,
    ...(values.out && { out: values.out }),
  };
}

/** @param {string[]} args */
function read(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  try {
    return parseArgs({
      args,
      options: {
        quick: flag,
        help: flag,
        only: text,
        scenario: text,
        rounds: text,
        seconds: text,
        node: text,
        out: text,
      },
    });
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} otherwise
 */
function number(name, text, otherwise) {
  if (text === undefined) return otherwise;
  if (!(Number(text) > 0)) throw new SetupError(`--${name} must be a number above zero`);
  return Number(text);
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {string[]} known
 */
function list(name, text, known) {
  if (text === undefined) return known;
  const wanted = text.split(',').filter(Boolean);
  const strange = wanted.filter((one) => !known.includes(one));
  if (strange.length > 0) {
    throw new SetupError(`--${name}: there is no ${strange.join(', ')}; there are ${known.join(', ')}`);
  }
  return known.filter((one) => wanted.includes(one));
}
