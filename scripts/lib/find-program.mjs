import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders of PATH. */
export function pathFolders() {
  return (process.env.PATH ?? '').split(delimiter).filter(Boolean);
}

/**
 * @param {string} name
 * @param {string[]} [moreFolders] where to look besides PATH
 * @returns {string | undefined} the program's path
 */
export function findProgram(name, moreFolders = []) {
  return [...pathFolders(), ...moreFolders].map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
