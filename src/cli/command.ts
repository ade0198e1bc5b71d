import type { CliIo } from './cli-io.js';
import type { CommandArguments, CommandSyntax } from './command-line.js';
import type { OperatorProgram } from './operator-program.js';

/** What a command has to say when it is done. */
export interface CommandResult {
  /** For people. */
  text: string;
  /** For machines, with `--json`. */
  json: unknown;
}

/** What a command works with. */
export interface CommandContext {
  args: CommandArguments;
  io: CliIo;
  /** Connects, at the first call. A command checks what it was given and asks what it must ask before. */
  open: () => Promise<OperatorProgram>;
}

/** One command of the command line. */
export interface Command extends CommandSyntax {
  /** @throws whatever keeps it from being done; the message is shown */
  run: (context: CommandContext) => Promise<CommandResult>;
}
