import { createHash, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidTokenError, PasswordChangedError } from '../auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { normaliseEmail } from '../email.js';
import { MailQueue } from '../mail/mail-queue.js';
import { NewPasswords } from '../password/new-passwords.js';
import { PasswordSetter } from '../password/password-setter.js';
import type { Revocation } from '../../session/index.js';
import type { ActOrigin } from '../security-events.js';
import { originOf, SecurityRecorder } from '../security-recorder.js';
import { ThrottleGate } from '../throttle/throttle-gate.js';
import { OneTimeTokens, type TokenPayloads } from '../tokens/one-time-tokens.js';
import type { UserCredentials } from '../user-store.js';

/** A token that sets a new password, once. */
export interface ResetToken {
  token: string;
  expiresAt: Date;
}

/** Lets people set a new password who have forgotten theirs and read their mail. */
@Injectable()
export class PasswordResetService {
  // Looked up when there is no account, so that an unknown e-mail costs what a known one does.
  private readonly nobody = randomUUID();

  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly newPasswords: NewPasswords,
    private readonly passwords: PasswordSetter,
    private readonly mails: MailQueue,
    private readonly gate: ThrottleGate,
    private readonly recorder: SecurityRecorder,
    @Inject(AUTH_OPTIONS)
    private readonly options: Pick<ResolvedAuthOptions, 'userStore' | 'mailSender' | 'resetLifetimeMs'>,
  ) {}

  /** @see AuthService.requestPasswordReset */
  async request(req: Request, email: string): Promise<void> {
    const { mailSender } = this.options;
    if (!mailSender) throw new Error('AuthModule: pass a mailSender to send password resets.');
    const account = normaliseEmail(email);
    await this.gate.begin(req, { act: 'request-reset', account });
    const origin = originOf(req);
    let created: ResetToken | null | undefined;
    // The look-up, too, comes after the answer: nothing that the client can measure depends on the account.
    this.mails.handOver('password reset', async () => {
      created ??= await this.create(account, origin);
      if (created) await mailSender.sendPasswordReset({ email: account, ...created });
    });
  }

  /** @see AuthService.createResetToken */
  async create(email: string, origin: ActOrigin): Promise<ResetToken | null> {
    const { userStore, resetLifetimeMs } = this.options;
    const account = normaliseEmail(email);
    const found = await userStore.findByEmail(account);
    const owner = resettable(await userStore.findCredentials(found?.id ?? this.nobody));
    const expiresAt = new Date(Date.now() + resetLifetimeMs);
    // Stored for an e-mail without an account as well, where nobody gets it.
    const token = await this.tokens.issue(
      'password-reset',
      { email: account, userId: owner?.user.id ?? null, hashDigest: digestOf(owner?.passwordHash ?? '') },
      resetLifetimeMs,
    );
    await this.recorder.recordFrom(origin, {
      type: 'password.reset_requested',
      userId: found?.id ?? null,
      actorId: null,
      detail: { possible: owner !== null },
    });
    return owner && { token, expiresAt };
  }

  /** @see AuthService.resetPassword */
  async reset(token: string, newPassword: string, origin: ActOrigin): Promise<Pick<Revocation, 'durable'>> {
    const owner = await this.ownerOf(await this.tokens.find('password-reset', token));
    const accepted = this.newPasswords.accept(newPassword, owner.user, 'newPassword');
    const newHash = await this.newPasswords.hash(accepted);
    // Only now: a password that is refused, or a queue that is full, leaves the token as it is.
    if (!(await this.tokens.take('password-reset', token))) throw new InvalidTokenError();
    const recording = this.recorder.recording(origin, ({ id }) => [
      { type: 'password.reset', userId: id, actorId: null, detail: { ends: 'all' } },
    ]);
    try {
      await this.passwords.set(owner, newHash, { expectedHash: owner.passwordHash, recording });
    } catch (error) {
      throw error instanceof PasswordChangedError ? new InvalidTokenError({ cause: error }) : error;
    }
    await recording.settle(owner.user, owner.user);
    return { durable: recording.revocation.durable };
  }

  /** @throws InvalidTokenError unless the account is as it was when the token was made */
  private async ownerOf(payload: TokenPayloads['password-reset'] | null): Promise<Resettable> {
    if (payload?.userId == null) throw new InvalidTokenError();
    const owner = resettable(await this.options.userStore.findCredentials(payload.userId));
    const unchanged =
      owner !== null &&
      normaliseEmail(owner.user.email) === payload.email &&
      digestOf(owner.passwordHash) === payload.hashDigest;
    if (!unchanged) throw new InvalidTokenError();
    return owner;
  }
}

type Resettable = UserCredentials & { passwordHash: string };

/** A disabled account stays closed, and one without a password logs in in another way, past which this must not lead. */
function resettable(credentials: UserCredentials | null): Resettable | null {
  if (credentials === null || credentials.user.disabled || credentials.passwordHash === null) return null;
  return { ...credentials, passwordHash: credentials.passwordHash };
}

/** Every password that is set has a new hash, so a token made before it does not fit any more, whoever set it and how. */
function digestOf(passwordHash: string): string {
  return createHash('sha256').update(passwordHash).digest('base64url');
}
