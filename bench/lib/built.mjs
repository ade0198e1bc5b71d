/**
 * A module of the built product. Its path is not written out, so that this folder can be checked before there is a build.
 *
 * @param {string} path below dist
 * @returns {Promise<any>}
 */
export function built(path) {
  return import(String(new URL(`../../dist/${path}`, import.meta.url)));
}
