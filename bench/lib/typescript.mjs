// Lets a bench use what the tests run on, which is TypeScript: registers typescript-hooks.mjs.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);

/**
 * Imports a module of test/support.
 *
 * @param {string} name without its ending
 * @returns {Promise<any>}
 */
export function testSupport(name) {
  return import(String(new URL(`../../test/support/${name}.ts`, import.meta.url)));
}
