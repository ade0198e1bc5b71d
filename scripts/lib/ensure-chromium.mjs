import { aptInstall, canUseApt } from './apt.mjs';
import { findProgram, isExecutable } from './find-program.mjs';
import { SetupError } from './say.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const FOLDERS = [
  '/usr/bin',
  '/usr/local/bin',
  '/snap/bin',
  '/opt/google/chrome',
  '/opt/homebrew/bin',
  '/Applications/Chromium.app/Contents/MacOS',
  '/Applications/Google Chrome.app/Contents/MacOS',
];
const NAMES_ON_MACOS = ['Chromium', 'Google Chrome'];

/**
 * Finds a Chromium or Chrome, for the tests of the console; installs it where that needs nobody's consent.
 * `LATCHKEY_TEST_CHROMIUM` names another.
 *
 * @returns {Promise<string>} the program's path
 * @throws {SetupError} when there is none, or what is named cannot be run.
 */
export async function ensureChromium() {
  const named = process.env.LATCHKEY_TEST_CHROMIUM;
  if (named) {
    if (isExecutable(named)) return named;
    throw new SetupError('LATCHKEY_TEST_CHROMIUM names no program that can be run.');
  }
  const found = findChromium();
  if (found) return found;
  // Its pages must show the same letters on every machine: without a font there are boxes.
  if (canUseApt()) await aptInstall(['chromium', 'fonts-dejavu-core']);
  const installed = findChromium();
  if (installed) return installed;
  throw new SetupError(`Chromium is needed for the tests of the console and was not found. Choose one:
  Debian:           sudo apt-get install chromium
  Ubuntu:           sudo snap install chromium
  macOS:            brew install --cask chromium
  somewhere else:   LATCHKEY_TEST_CHROMIUM=/path/to/chromium-or-chrome`);
}

function findChromium() {
  for (const name of [...NAMES, ...NAMES_ON_MACOS]) {
    const found = findProgram(name, FOLDERS);
    if (found) return found;
  }
  return undefined;
}
