import type { Readable, Writable } from 'node:stream';

/** Where the command line talks: the process's own streams, or a test's. */
export interface CliIo {
  /** `isTTY` decides whether a person can be asked. */
  stdin: Readable & { isTTY?: boolean };
  /** Results, and nothing else. */
  stdout: Writable;
  /** Prompts, and one line when the command failed. */
  stderr: Writable;
}
