import type { Env } from '../config/index.js';
import { escapeControls, toProblem } from '../problem/index.js';
import type { CliIo } from './cli-io.js';
import { CommandError, UsageError } from './cli.errors.js';
import type { Command } from './command.js';
import { type CommandArguments, parseCommandLine } from './command-line.js';
import { OperatorProgram } from './operator-program.js';

/** One program of the command line, such as `npm run user`. */
export interface Cli {
  /** How it is called. */
  name: string;
  commands: readonly Command[];
}

/**
 * Runs one command and says what became of it: the result on standard output, or one line on standard error. Closes
 * whatever it opened.
 *
 * @param argv the words after the script
 * @param settings reads the settings; called only when the command line is understood
 * @returns the exit code: 0 when done, 1 when not
 */
export async function runCli(
  cli: Cli,
  argv: readonly string[],
  settings: () => Env,
  io: CliIo,
): Promise<0 | 1> {
  try {
    const line = parseCommandLine(argv, cli.commands);
    if (line.help) {
      io.stdout.write(help(cli));
      return 0;
    }
    const { text, json } = await runCommand(line.command, line.args, settings, io);
    io.stdout.write(escapeControls(`${line.json ? JSON.stringify(json) : text}\n`));
    return 0;
  } catch (error) {
    io.stderr.write(escapeControls(`${failureLine(cli, argv, error)}\n`));
    return 1;
  }
}

async function runCommand(command: Command, args: CommandArguments, settings: () => Env, io: CliIo) {
  let program: OperatorProgram | undefined;
  try {
    return await command.run({
      args,
      io,
      open: async () => (program ??= await OperatorProgram.open(settings())),
    });
  } finally {
    await program?.close();
  }
}

function help(cli: Cli): string {
  const lines = cli.commands.flatMap((command) => [`  ${usageOf(cli, command)}`, `      ${command.summary}`]);
  return [...lines, '', 'With --json the result is one line of JSON.', ''].join('\n');
}

function usageOf(cli: Cli, { name, usage }: Command): string {
  return `npm run ${cli.name} -- ${name} ${usage}`.trimEnd();
}

/** What went wrong, on one line, without anything that was typed in secret. */
function failureLine(cli: Cli, argv: readonly string[], error: unknown): string {
  const lines = messageOf(cli, argv, error)
    .split('\n')
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .join('; ')
    .replaceAll(':;', ':');
}

function messageOf(cli: Cli, argv: readonly string[], error: unknown): string {
  if (error instanceof UsageError) {
    const command = cli.commands.find(({ name }) => name === argv[0]);
    return `${error.message} Usage: ${command ? usageOf(cli, command) : `npm run ${cli.name} -- --help`}`;
  }
  if (error instanceof CommandError) return error.message;
  const { body } = toProblem(error);
  if (body.code === 'VALIDATION_FAILED' && Array.isArray(body['errors'])) {
    const errors = body['errors'] as { path: string; message: string }[];
    return errors.map(({ path, message }) => `${optionOf(cli, argv, path)}: ${message}`).join('; ');
  }
  // What a program says to a client of HTTP when it does not want to say more is no help to an operator.
  if (body.status === 500) return error instanceof Error ? error.message : String(error);
  return body.detail;
}

/** What the operator typed for it: the option of that name, where the command has one. */
function optionOf(cli: Cli, [name]: readonly string[], path: string): string {
  const command = cli.commands.find((candidate) => candidate.name === name);
  return command?.texts.includes(path) ? `--${path}` : path;
}
