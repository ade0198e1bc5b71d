import { existsSync } from 'node:fs';

/** Reads `.env` into the environment, when there is one. What the environment says already wins. */
export function loadDotEnv() {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
