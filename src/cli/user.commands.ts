import { z } from 'zod';

import { userChangeEvents } from '../admin/index.js';
import { normaliseEmail } from '../auth/index.js';
import { parseInput } from '../problem/index.js';
import type { SessionPrincipal } from '../session/index.js';
import type { Command, CommandContext, CommandResult } from './command.js';
import { UsageError } from './cli.errors.js';
import { getUserByEmail } from './find-user.js';
import { readPassword } from './read-password.js';

const withoutControls = (text: string) => !/\p{Cc}/u.test(text);

/** An account as it can be registered over HTTP; see docs/http-api.md. */
const NewUser = z.object({
  email: z
    .string()
    .overwrite(normaliseEmail)
    .max(254)
    .regex(z.regexes.unicodeEmail, 'Must be an e-mail address'),
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .refine(withoutControls, 'Must not contain control characters')
    .nullable(),
});

const EMAIL = '--email E';
const PASSWORD_FLAG = 'password-stdin';

/** The commands of `npm run user`. */
export const USER_COMMANDS: readonly Command[] = [
  {
    name: 'create',
    usage: `${EMAIL} [--name N] [--role R]… [--password-stdin]`,
    summary: 'Creates an account. Asks for the password, or reads it from standard input.',
    texts: ['email', 'name', 'role'],
    flags: [PASSWORD_FLAG],
    run: create,
  },
  {
    name: 'disable',
    usage: EMAIL,
    summary: 'Ends all sessions of an account and lets nobody log in to it.',
    texts: ['email'],
    flags: [],
    run: (context) => setDisabled(context, true),
  },
  {
    name: 'enable',
    usage: EMAIL,
    summary: 'Lets a disabled account log in again.',
    texts: ['email'],
    flags: [],
    run: (context) => setDisabled(context, false),
  },
  {
    name: 'roles',
    usage: `${EMAIL} (--role R… | --none)`,
    summary: 'Replaces the roles of an account, in its live sessions too.',
    texts: ['email', 'role'],
    flags: ['none'],
    run: setRoles,
  },
  {
    name: 'password',
    usage: `${EMAIL} [--password-stdin]`,
    summary: 'Sets a new password and ends all sessions of the account.',
    texts: ['email'],
    flags: [PASSWORD_FLAG],
    run: setPassword,
  },
  {
    name: 'unlock',
    usage: EMAIL,
    summary: 'Forgets the failed logins of an account that has had too many.',
    texts: ['email'],
    flags: [],
    run: unlock,
  },
];

async function create({ args, io, open }: CommandContext): Promise<CommandResult> {
  const { email, name } = parseInput(NewUser, {
    email: args.text('email'),
    name: args.optionalText('name') ?? null,
  });
  const typed = await readPassword(io, args.flag(PASSWORD_FLAG));
  const program = await open();
  const passwordHash = await program.newPasswords.hash(
    program.newPasswords.accept(typed, { email, displayName: name }),
  );
  const recording = program.recording((act, { id, roles }) => [
    { ...act, type: 'registered', userId: id, detail: { ...act.detail, roles } },
  ]);
  const account = { email, displayName: name, passwordHash, roles: args.texts('role') };
  const user = await program.users.create(account, recording);
  return { text: `Created ${user.email}${rolesText(user)}, id ${user.id}.`, json: { user } };
}

async function setDisabled({ args, open }: CommandContext, disabled: boolean): Promise<CommandResult> {
  const email = args.text('email');
  const program = await open();
  const { id } = await getUserByEmail(program, email);
  const user = await program.users.update(id, { disabled }, program.recording(userChangeEvents));
  const text = disabled ? `Disabled ${user.email}; all its sessions have ended.` : `Enabled ${user.email}.`;
  return { text, json: { user } };
}

async function setRoles({ args, open }: CommandContext): Promise<CommandResult> {
  const email = args.text('email');
  const roles = args.texts('role');
  // Taking all roles away by forgetting an option would be too easy.
  if (args.flag('none') === roles.length > 0) throw new UsageError('Give at least one --role, or --none.');
  const program = await open();
  const { id } = await getUserByEmail(program, email);
  const user = await program.users.update(id, { roles }, program.recording(userChangeEvents));
  return {
    text: `${user.email} has ${user.roles.length === 0 ? 'no roles' : user.roles.join(', ')} now.`,
    json: { user },
  };
}

async function setPassword({ args, io, open }: CommandContext): Promise<CommandResult> {
  const email = args.text('email');
  const password = await readPassword(io, args.flag(PASSWORD_FLAG));
  const program = await open();
  const user = await getUserByEmail(program, email);
  const recording = program.recording((act, { id: userId }) => [
    { ...act, type: 'password.changed', userId, detail: { ...act.detail, ends: 'all' } },
  ]);
  await program.auth.setPassword(user.id, password, recording);
  return {
    text: `${user.email} has a new password; all its sessions have ended.`,
    json: { user: await program.users.find(user.id) },
  };
}

async function unlock({ args, open }: CommandContext): Promise<CommandResult> {
  const email = args.text('email');
  const program = await open();
  const user = await getUserByEmail(program, email);
  await program.options.throttle.reset(user.email);
  await program.record({ type: 'user.unlocked', userId: user.id });
  return {
    text: `${user.email} can try to log in again.`,
    json: { user: await program.users.find(user.id) },
  };
}

function rolesText({ roles }: SessionPrincipal): string {
  return roles.length === 0 ? '' : ` with the role${roles.length === 1 ? '' : 's'} ${roles.join(', ')}`;
}
