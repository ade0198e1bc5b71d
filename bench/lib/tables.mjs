import { readTable } from './read-table.mjs';

/**
 * @typedef {object} Results what a run writes; scenarios that were not asked for are missing
 * @property {string} at when it began
 * @property {import('./machine.mjs').Machine} machine
 * @property {Omit<import('./arguments.mjs').Settings, 'node' | 'out'>} settings
 * @property {{ what: string, why: string }[]} failed
 * @property {{ runs: import('./read-table.mjs').ReadRun[] }} [read]
 */

/**
 * Every table of the results, each under the title of its scenario.
 *
 * @param {Results} results
 * @returns {string} Markdown
 */
export function renderTables(results) {
  const parts = [];
  if (results.read) parts.push(`### Who is logged in\n\n${readTable(results.read.runs)}`);
  if (results.failed.length > 0) {
    parts.push(`### Failed\n\n${results.failed.map(({ what, why }) => `- ${what}: ${why}`).join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}
