import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

import { CommandError } from './cli.errors.js';
import type { CliIo } from './cli-io.js';

// Far beyond what any password policy takes; a file that was piped in by mistake is not read to its end.
const MAX_BYTES = 64 * 1_024;

/**
 * The password to set: everything on standard input but one final line break, or asked for twice on the terminal,
 * where it is not shown.
 * @throws CommandError when there is nothing to read, it is not UTF-8, nobody to ask, or the two answers differ
 */
export async function readPassword(io: CliIo, fromStdin: boolean): Promise<string> {
  if (fromStdin) return readFromStdin(io);
  if (io.stdin.isTTY !== true)
    throw new CommandError('There is no terminal to ask for a password on. Use --password-stdin.');
  return askTwice(io);
}

async function readFromStdin(io: CliIo): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    const part = Buffer.from(chunk as Buffer | string);
    chunks.push(part);
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new CommandError('Standard input is too long to be a password.');
  }
  const password = decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (password === '') throw new CommandError('There is no password on standard input.');
  return password;
}

/** What is not UTF-8 would become a password of replacement characters that nobody can type. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CommandError('Standard input is not UTF-8.');
  }
}

async function askTwice(io: CliIo): Promise<string> {
  // readline echoes to its output what is typed; this one shows nothing of it.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // One reader for both questions, there before the first is asked: without it the terminal echoes by itself.
  const terminal = createInterface({ input: io.stdin, output: silent, terminal: true });
  const cancelled = new Promise<never>((_resolve, reject) => {
    const cancel = () => reject(new CommandError('Cancelled.'));
    terminal.once('SIGINT', cancel);
    terminal.once('close', cancel);
  });
  const ask = async (question: string): Promise<string> => {
    io.stderr.write(question);
    try {
      return await Promise.race([terminal.question(''), cancelled]);
    } finally {
      io.stderr.write('\n');
    }
  };
  try {
    const password = await ask('Password: ');
    if ((await ask('The same again: ')) !== password) throw new CommandError('The two passwords differ.');
    return password;
  } finally {
    // Nobody waits for an answer any more.
    cancelled.catch(() => undefined);
    terminal.close();
  }
}
