/** Files by the names of their scenarios, in the order in which they run. Each exports `measure(context)`. */
export const SCENARIOS = /** @type {Record<string, string>} */ ({
  read: 'read.mjs',
});
