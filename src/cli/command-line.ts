import { parseArgs, type ParseArgsConfig } from 'node:util';

import { UsageError } from './cli.errors.js';

/** What one command takes. */
export interface CommandSyntax {
  /** The first word of the command line. */
  name: string;
  /** What follows the name, as shown to people. */
  usage: string;
  /** One sentence for `--help`. */
  summary: string;
  /** Options with a value. All may be repeated as far as parsing goes; {@link CommandArguments.text} takes only one. */
  texts: readonly string[];
  /** Options without a value. */
  flags: readonly string[];
  /** Names of the words that follow without an option, each required. */
  operands?: readonly string[];
}

/** A command line taken apart and checked against the syntax of its command. */
export class CommandArguments {
  constructor(
    private readonly values: Readonly<Record<string, string[] | boolean | undefined>>,
    private readonly operands: Readonly<Record<string, string>>,
  ) {}

  /** The value of an option. @throws UsageError when it is missing, empty or there twice */
  text(name: string): string {
    const text = this.optionalText(name);
    if (text === undefined) throw new UsageError(`--${name} is missing.`);
    return text;
  }

  /** The value of an option, or undefined. @throws UsageError when it is empty or there twice */
  optionalText(name: string): string | undefined {
    const [text, ...others] = this.texts(name);
    if (others.length > 0) throw new UsageError(`--${name} is there more than once.`);
    if (text?.trim() === '') throw new UsageError(`--${name} is empty.`);
    return text;
  }

  /** Every value of an option that may be repeated, in order. */
  texts(name: string): string[] {
    const values = this.values[name];
    return Array.isArray(values) ? values : [];
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  operand(name: string): string {
    return this.operands[name] as string;
  }
}

/** What to do: one of the commands, or show how to use them. */
export type ParsedCommandLine<C> =
  { help: false; command: C; args: CommandArguments; json: boolean } | { help: true };

/**
 * Reads a command line, without the interpreter and the script. `--json` and `--help` go with every command.
 * @throws UsageError on an unknown command or option, and on operands that are missing or too many; it never repeats
 *   a value, which may be a password that was put in the wrong place
 */
export function parseCommandLine<C extends CommandSyntax>(
  argv: readonly string[],
  commands: readonly C[],
): ParsedCommandLine<C> {
  const [name, ...rest] = argv;
  if (name === '--help' || name === '-h') return { help: true };
  const command = commands.find((candidate) => candidate.name === name);
  const names = commands.map((candidate) => candidate.name).join(', ');
  if (!command) throw new UsageError(`The first word must be one of ${names}.`);
  const { values, positionals } = parse(command, rest);
  if (values['help'] === true) return { help: true };
  const operands = command.operands ?? [];
  if (positionals.length > operands.length) throw new UsageError('There is a word too many.');
  const missing = operands[positionals.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing.`);
  const named = Object.fromEntries(operands.map((operand, index) => [operand, positionals[index] as string]));
  return { help: false, command, args: new CommandArguments(values, named), json: values['json'] === true };
}

// The id of a session is 22 characters of base64url, and one in 64 begins with a dash.
const DASHED_ID = /^-[\w-]{21}$/;

/** Puts ids that look like options where they are read as values: after a `=`, or behind all options. */
function withDashedIds({ texts }: CommandSyntax, args: readonly string[]): string[] {
  const options: string[] = [];
  const operands: string[] = [];
  for (const arg of args) {
    const before = options.at(-1);
    if (!DASHED_ID.test(arg)) options.push(arg);
    else if (texts.some((name) => before === `--${name}`)) options.push(`${options.pop()}=${arg}`);
    else operands.push(arg);
  }
  return operands.length === 0 || options.includes('--')
    ? [...options, ...operands]
    : [...options, '--', ...operands];
}

function parse(command: CommandSyntax, args: string[]) {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const name of command.texts) options[name] = { type: 'string', multiple: true };
  for (const name of [...command.flags, 'json', 'help']) options[name] = { type: 'boolean' };
  try {
    const { values, positionals } = parseArgs({
      args: withDashedIds(command, args),
      options,
      allowPositionals: true,
      strict: true,
    });
    return { values: values as Record<string, string[] | boolean | undefined>, positionals };
  } catch (error) {
    // Node's messages name the option and, after the first sentence, explain; none has a value in it.
    throw new UsageError(`${(error as Error).message.split(/[.\n]/, 1)[0] ?? ''}.`);
  }
}
