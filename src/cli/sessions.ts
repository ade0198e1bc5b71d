import { loadEnv } from '../config/index.js';
import { runCli } from './run-cli.js';
import { SESSIONS_COMMANDS } from './sessions.commands.js';

process.exitCode = await runCli(
  { name: 'sessions', commands: SESSIONS_COMMANDS },
  process.argv.slice(2),
  loadEnv,
  process,
);
