import { describe, expect, it } from '@jest/globals';

import { UsageError } from './cli.errors.js';
import { parseCommandLine, type CommandSyntax } from './command-line.js';

const commands: CommandSyntax[] = [
  { name: 'create', usage: '', summary: '', texts: ['email', 'role'], flags: ['password-stdin'] },
  { name: 'inspect', usage: '', summary: '', texts: ['email'], flags: [], operands: ['ID'] },
];

function parsed(...argv: string[]) {
  const line = parseCommandLine(argv, commands);
  if (line.help) throw new Error('only help was asked for');
  return line;
}

describe('parseCommandLine', () => {
  it('finds the command, its options and its operands', () => {
    const { command, args, json } = parsed('inspect', '--email=ada@example.com', 'abc', '--json');
    expect(command.name).toBe('inspect');
    expect(args.text('email')).toBe('ada@example.com');
    expect(args.operand('ID')).toBe('abc');
    expect(json).toBe(true);
  });

  it('keeps repeated options in order', () => {
    const { args, json } = parsed('create', '--role', 'admin', '--role', 'user', '--password-stdin');
    expect(args.texts('role')).toEqual(['admin', 'user']);
    expect(args.flag('password-stdin')).toBe(true);
    expect(args.optionalText('email')).toBeUndefined();
    expect(json).toBe(false);
  });

  it('takes an id that begins with a dash for an id', () => {
    const [id, other] = ['-tN0sK9mQ2wE4rT6yU8iO0', '--N0sK9mQ2wE4rT6yU8iO0'];
    expect(parsed('inspect', id, '--email=a@b.c').args.operand('ID')).toBe(id);
    expect(parsed('inspect', '--email=a@b.c', other, '--json').args.operand('ID')).toBe(other);
    expect(parsed('inspect', '--email=a@b.c', '--', id).args.operand('ID')).toBe(id);
    expect(parsed('create', '--email', id, '--role', other).args.texts('role')).toEqual([other]);
  });

  it.each([[['--help']], [['-h']], [['create', '--help']]])('shows help for %j', (argv) => {
    expect(parseCommandLine(argv, commands)).toEqual({ help: true });
  });

  it.each([
    [[], 'The first word must be one of create, inspect.'],
    [['destroy'], 'The first word must be one of create, inspect.'],
    [['create', '--password', 'hunter2'], "Unknown option '--password'."],
    [['create', '--email'], "Option '--email <value>' argument missing."],
    [['create', '--email', '--role', 'x'], "Option '--email' argument is ambiguous."],
    [['create', 'hunter2'], 'There is a word too many.'],
    [['inspect', '--email', 'ada@example.com'], 'ID is missing.'],
  ])('refuses %j', (argv, message) => {
    const attempt = () => parseCommandLine(argv, commands);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow('hunter2');
  });

  it.each([
    [['create'], '--email is missing.'],
    [['create', '--email', ' '], '--email is empty.'],
    [['create', '--email', 'a@b.c', '--email', 'd@e.f'], '--email is there more than once.'],
  ])('refuses %j when one e-mail is needed', (argv, message) => {
    expect(() => parsed(...argv).args.text('email')).toThrow(message);
  });
});
