import { loadEnv } from '../config/index.js';
import { runCli } from './run-cli.js';
import { USER_COMMANDS } from './user.commands.js';

process.exitCode = await runCli(
  { name: 'user', commands: USER_COMMANDS },
  process.argv.slice(2),
  loadEnv,
  process,
);
