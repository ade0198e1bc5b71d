import { normaliseEmail } from '../auth/index.js';
import { CommandError } from './cli.errors.js';
import type { OperatorProgram } from './operator-program.js';

/** The account that an operator means. */
export interface FoundUser {
  id: string;
  /** Normalised. */
  email: string;
}

/** @throws CommandError when there is no account with this e-mail */
export async function getUserByEmail(program: OperatorProgram, typed: string): Promise<FoundUser> {
  const email = normaliseEmail(typed);
  const found = await program.users.findByEmail(email);
  if (!found) throw new CommandError(`There is no account with the e-mail ${email}.`);
  return { id: found.id, email };
}
