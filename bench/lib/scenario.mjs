/**
 * @typedef {object} Context what a scenario is given
 * @property {import('./arguments.mjs').Settings} settings
 * @property {(text: string) => void} say prints a line of progress
 * @property {(what: string, work: () => Promise<unknown>) => Promise<void>} attempt does a part of the work; when it fails,
 *   that is said and noted in the results, and the rest goes on
 */

/**
 * @param {import('./arguments.mjs').Settings} settings
 * @param {(text: string) => void} say
 * @returns {Context & { failed: { what: string, why: string }[] }}
 */
export function createContext(settings, say) {
  /** @type {{ what: string, why: string }[]} */
  const failed = [];
  return {
    settings,
    say,
    failed,
    async attempt(what, work) {
      try {
        await work();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        failed.push({ what, why });
        say(`  ${what} failed: ${why}`);
      }
    },
  };
}
