import { Inject, Injectable, Logger } from '@nestjs/common';
import { describeError } from '../problem/index.js';
import { type Revocation, SessionService } from '../session/index.js';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';
import type { SessionEffects } from './session-effects.js';
import { toPrincipalUpdate } from './user.js';
import { UsersRepository } from './users.repository.js';

/**
 * Brings a committed change to the open sessions of its user. May be repeated, and done by several at once: sessions
 * take a principal only with a higher version, and ending sessions twice ends them.
 */
@Injectable()
export class OutboxDelivery {
  private readonly logger = new Logger('Outbox');

  constructor(
    private readonly users: UsersRepository,
    private readonly outbox: OutboxRepository,
    @Inject(SessionService) private readonly sessions: SessionEffects,
  ) {}

  /**
   * Ends what is live when it gets there, also when a first try took effect and only its answer was lost. Sparing the
   * sessions made since then would spare a login that read the old password before the commit and was slow.
   *
   * @returns what it has ended
   * @throws what the session store or the database throw; then the entry is still there
   */
  async deliver(entry: OutboxEntry): Promise<Revocation> {
    const user = await this.users.findById(entry.userId);
    if (user) await this.sessions.setPrincipal(user.id, toPrincipalUpdate(user), user.version);
    const revocation = await this.endWhatMustEnd(entry);
    await this.settle(entry);
    return revocation;
  }

  private async endWhatMustEnd({ kind, userId }: OutboxEntry): Promise<Revocation> {
    if (kind === 'principal') return { revoked: 0 };
    return this.sessions.revokeAll(userId, kind === 'disable' ? 'disabled' : 'password-changed');
  }

  /**
   * Takes an entry out whose effect is there. When that fails, the change stands all the same: the worker repeats it,
   * at worst ending a session that is a few seconds old.
   */
  async settle(entry: OutboxEntry): Promise<void> {
    try {
      await this.outbox.delete(entry.id);
    } catch (error) {
      this.logger.warn(
        `a change that reached the sessions of user ${entry.userId} will be repeated: ${describeError(error)}`,
      );
    }
  }
}
