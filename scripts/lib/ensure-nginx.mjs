import { aptInstall, canUseApt } from './apt.mjs';
import { findProgram } from './find-program.mjs';
import { SetupError } from './say.mjs';

// Debian's is not in everybody's PATH.
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

/**
 * Finds nginx, for the examples that run it; installs it where that needs nobody's consent.
 *
 * @returns {Promise<string>} the program's path
 * @throws {SetupError} when there is none.
 */
export async function ensureNginx() {
  const found = findProgram('nginx', FOLDERS);
  if (found) return found;
  if (canUseApt()) await aptInstall(['nginx'], { service: 'nginx' });
  const installed = findProgram('nginx', FOLDERS);
  if (installed) return installed;
  throw new SetupError(`nginx is needed and was not found. Choose one:
  Debian, Ubuntu:   sudo apt-get install nginx
  macOS:            brew install nginx
  somewhere else:   put it in PATH; it needs the module http_auth_request`);
}
