import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 32 * 1024 * 1024;

/**
 * Makes a directory for the small files of a test's servers; in memory, where there is such a place: every commit of
 * SQLite waits for the disk, milliseconds each, and the suites make thousands.
 */
export function temporaryDirectory(prefix: string): string {
  return mkdtempSync(join(hasRoom(MEMORY) ? MEMORY : tmpdir(), prefix));
}

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > ENOUGH_BYTES;
  } catch {
    return false;
  }
}
