import { existsSync } from 'node:fs';

import { parseEnv } from './env.js';
import type { Env } from './env.types.js';

/**
 * The settings of this process: `.env` in the working directory, when there is one, under what the environment says.
 *
 * @throws {EnvError} with every problem at once.
 */
export function loadEnv(): Env {
  // libuv has made its threads by now, so for them the file comes too late.
  const { UV_THREADPOOL_SIZE } = process.env;
  if (existsSync('.env')) process.loadEnvFile('.env');
  return parseEnv({ ...process.env, UV_THREADPOOL_SIZE });
}
