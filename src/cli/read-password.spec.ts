import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';

import { readPassword } from './read-password.js';

function terminal(tty: boolean) {
  const stdin = Object.assign(new PassThrough(), { isTTY: tty });
  const stderr = new PassThrough();
  return { stdin, stdout: new PassThrough(), stderr };
}

const shown = (io: { stderr: PassThrough }) => String(io.stderr.read() ?? '');

/** Types each line when the program asks for it. */
async function type(io: ReturnType<typeof terminal>, ...lines: string[]): Promise<void> {
  for (const line of lines) {
    await new Promise<void>((resolve) => {
      const look = (chunk: Buffer) => {
        if (!chunk.toString().endsWith(': ')) return;
        io.stderr.off('data', look);
        resolve();
      };
      io.stderr.on('data', look);
    });
    io.stdin.write(line);
  }
}

describe('readPassword from standard input', () => {
  it.each([
    ['a line', 'correct horse\n', 'correct horse'],
    ['a line from Windows', 'correct horse\r\n', 'correct horse'],
    ['text without a line break', 'correct horse', 'correct horse'],
    ['text with blanks around it', '  spaced  \n\n', '  spaced  \n'],
  ])('takes %s but the last line break', async (_name, text, password) => {
    const io = terminal(false);
    io.stdin.end(text);
    await expect(readPassword(io, true)).resolves.toBe(password);
  });

  it('keeps characters that arrive in two pieces whole', async () => {
    const io = terminal(false);
    const bytes = Buffer.from('pässword', 'utf8');
    io.stdin.write(bytes.subarray(0, 2));
    io.stdin.end(bytes.subarray(2));
    await expect(readPassword(io, true)).resolves.toBe('pässword');
  });

  it('refuses what is not UTF-8', async () => {
    const io = terminal(false);
    io.stdin.end(Buffer.from('correct h\u00f6rse', 'latin1'));
    await expect(readPassword(io, true)).rejects.toThrow('Standard input is not UTF-8.');
  });

  it('refuses nothing at all', async () => {
    const io = terminal(false);
    io.stdin.end('\n');
    await expect(readPassword(io, true)).rejects.toThrow('There is no password on standard input.');
  });

  it('stops reading what is too long', async () => {
    const io = terminal(false);
    io.stdin.end(Buffer.alloc(100_000, 'x'));
    await expect(readPassword(io, true)).rejects.toThrow('too long');
  });
});

describe('readPassword on a terminal', () => {
  it('asks twice and shows nothing of what is typed', async () => {
    const io = terminal(true);
    const output: string[] = [];
    io.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    const typed = type(io, 'correct horse\r', 'correct horse\r');
    await expect(readPassword(io, false)).resolves.toBe('correct horse');
    await typed;
    expect(output.join('')).toBe('Password: \nThe same again: \n');
  });

  it('refuses two different answers', async () => {
    const io = terminal(true);
    const typed = type(io, 'correct horse\r', 'correct hose\r');
    await expect(readPassword(io, false)).rejects.toThrow('differ');
    await typed;
  });

  it('ends when the operator presses Ctrl-C', async () => {
    const io = terminal(true);
    const typed = type(io, 'corr\u0003');
    await expect(readPassword(io, false)).rejects.toThrow('Cancelled.');
    await typed;
  });

  it('refuses to wait where nobody can type', async () => {
    const io = terminal(false);
    await expect(readPassword(io, false)).rejects.toThrow('Use --password-stdin.');
    expect(shown(io)).toBe('');
  });
});
