import { Inject, Injectable, Logger } from '@nestjs/common';
import { describeError } from '../../problem/index.js';
import { PasswordTooWeakError } from '../auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import type { PasswordOwner } from './context-words.js';
import { PasswordPolicy } from './password-policy.js';

// Long enough for a service at the other end of the world, short enough for somebody who waits for his account.
const BREACH_DEADLINE_MS = 2_000;

/** A new password that the policy took, in the form that is hashed. Comes from `NewPasswords.accept`. */
export interface AcceptedPassword {
  readonly normalised: string;
  /** The field of the input that held it. */
  readonly path: string;
}

/**
 * The way of every password that is set, over HTTP, on the command line or by a host: first what costs nothing, then,
 * when the act itself may go on (it is not throttled, the present password was right), what costs a hash.
 */
@Injectable()
export class NewPasswords {
  private readonly logger = new Logger(NewPasswords.name);

  constructor(
    private readonly policy: PasswordPolicy,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'hasher' | 'breachedPasswords'>,
  ) {}

  /** @param path the field of the input that holds it, for the answer @throws PasswordTooWeakError */
  accept(password: string, owner: PasswordOwner, path = 'password'): AcceptedPassword {
    return { normalised: this.policy.check(password, owner, path), path };
  }

  /**
   * @param signal aborted when nobody waits for the result any more
   * @throws PasswordTooWeakError it is known from a breach
   * @throws LoginBusyError, RequestAbandonedError
   */
  async hash({ normalised, path }: AcceptedPassword, signal?: AbortSignal): Promise<string> {
    const { hasher } = this.options;
    hasher.demandRoom();
    if (await this.isBreached(normalised)) {
      throw new PasswordTooWeakError('This password is known from a data breach. Choose another one.', path);
    }
    return hasher.hash(normalised, signal);
  }

  private async isBreached(password: string): Promise<boolean> {
    const { breachedPasswords } = this.options;
    if (!breachedPasswords) return false;
    const deadline = AbortSignal.timeout(BREACH_DEADLINE_MS);
    // A host's own adapter may not look at the signal.
    const late = new Promise<never>((_, reject) => {
      deadline.addEventListener('abort', () =>
        reject(new Error(`no answer within ${BREACH_DEADLINE_MS} ms`)),
      );
    });
    try {
      return await Promise.race([breachedPasswords.isBreached(password, deadline), late]);
    } catch (error) {
      this.logger.warn(`a new password was not compared with breaches: ${describeError(error)}`);
      return false;
    }
  }
}
