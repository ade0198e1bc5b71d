import { existsSync } from 'node:fs';

import { parseEnv } from './env.js';
import type { Env } from './env.types.js';
import { describeUnknown, unknownSettings } from './unknown-settings.js';

/**
 * The settings of this process: `.env` in the working directory, when there is one, under what the environment says.
 * Names that look like settings and are none are warned of on standard error.
 *
 * @throws {EnvError} with every problem at once.
 */
export function loadEnv(): Env {
  // libuv has made its threads by now, so for them the file comes too late.
  const { UV_THREADPOOL_SIZE } = process.env;
  if (existsSync('.env')) process.loadEnvFile('.env');
  const source = { ...process.env, UV_THREADPOOL_SIZE };
  const env = parseEnv(source);
  for (const unknown of unknownSettings(source)) {
    const refused = unknown.misspelt ? ' Production refuses to start with it.' : '';
    process.stderr.write(`Warning: ${unknown.name} ${describeUnknown(unknown)}${refused}\n`);
  }
  return env;
}
