/** Whether these are the long runs: `npm run test:soak`. */
const SOAKING = process.env['LATCHKEY_SOAK'] === '1';

/**
 * How often something is tried that finds the more the longer it is tried. A spec file that imports this is run by
 * `npm run test:soak`.
 *
 * @param normal in `npm test`, which everybody waits for
 * @param soak in `npm run test:soak`
 */
export function runs(normal: number, soak: number): number {
  return SOAKING ? soak : normal;
}
