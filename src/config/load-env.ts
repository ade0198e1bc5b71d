import { existsSync } from 'node:fs';

import { parseEnv } from './env.js';
import type { Env } from './env.types.js';

/**
 * The settings of this process: `.env` in the working directory, when there is one, under what the environment says.
 *
 * @throws {EnvError} with every problem at once.
 */
export function loadEnv(): Env {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return parseEnv(process.env);
}
