import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../../problem/index.js';
import type { Transport } from '../../session/index.js';
import { abandonment } from '../abandonment.js';
import { EmailTakenError, InvalidTokenError } from '../auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import type { ConfirmRegistrationInput, RegisterInput } from '../auth.schemas.js';
import { AuthService, type LoggedIn } from '../auth.service.js';
import { normaliseEmail } from '../email.js';
import { loginTransport } from '../login-transport.js';
import { MailQueue } from '../mail/mail-queue.js';
import { NewPasswords } from '../password/new-passwords.js';
import { originOf, SecurityRecorder } from '../security-recorder.js';
import { startAnew } from '../throttle/start-anew.js';
import { ThrottleGate } from '../throttle/throttle-gate.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.js';
import type { NewUser } from '../user-store.js';

type Newcomer = Omit<NewUser, 'roles'>;

/** Makes accounts for visitors: at once, or when the owner of the e-mail has confirmed it. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly auth: AuthService,
    private readonly newPasswords: NewPasswords,
    private readonly gate: ThrottleGate,
    private readonly tokens: OneTimeTokens,
    private readonly mails: MailQueue,
    private readonly recorder: SecurityRecorder,
    @Inject(AUTH_OPTIONS)
    private readonly options: Pick<
      ResolvedAuthOptions,
      'userStore' | 'hasher' | 'registration' | 'mailSender' | 'registrationLifetimeMs' | 'throttle'
    >,
  ) {}

  /**
   * Open registration creates an account without roles and logs it in. Registration to be confirmed mails a token, or
   * that there is an account already, and does the same work for both.
   * @returns null when the account has yet to be confirmed, if it can be
   * @throws ProblemException `REGISTRATION_CLOSED`
   * @throws PasswordTooWeakError, TooManyAttemptsError, LoginBusyError
   * @throws EmailTakenError only while registration is open
   */
  async register(
    req: Request,
    { email, displayName, password, ...input }: RegisterInput,
  ): Promise<LoggedIn | null> {
    const { hasher, registration } = this.options;
    if (registration === 'closed') throw new ProblemException('REGISTRATION_CLOSED');
    const transport = registration === 'open' ? loginTransport(req, input.transport) : undefined;
    const owner = { email: normaliseEmail(email), displayName: displayName ?? null };
    const accepted = this.newPasswords.accept(password, owner);
    const passwordHash = await hasher.withRoom(async () => {
      await this.gate.begin(req, { act: 'register', account: owner.email });
      return this.newPasswords.hash(accepted, abandonment(req));
    });
    const newcomer = { ...owner, passwordHash };
    if (transport !== undefined) return this.createAndLogIn(req, newcomer, transport);
    await this.request(req, newcomer);
    return null;
  }

  /**
   * Creates the account that a mailed token stands for, and logs it in.
   * @throws ProblemException `REGISTRATION_CLOSED`
   * @throws InvalidTokenError also when the e-mail got an account in another way meanwhile: the token is no key to it
   */
  async confirm(req: Request, { token, ...input }: ConfirmRegistrationInput): Promise<LoggedIn> {
    if (this.options.registration !== 'confirm') throw new ProblemException('REGISTRATION_CLOSED');
    const transport = loginTransport(req, input.transport);
    const newcomer = await this.tokens.take('registration', token);
    if (!newcomer) throw new InvalidTokenError();
    try {
      return await this.createAndLogIn(req, newcomer, transport);
    } catch (error) {
      throw error instanceof EmailTakenError ? new InvalidTokenError({ cause: error }) : error;
    }
  }

  /** A token is made and stored for an e-mail that is taken, too: nobody gets it, and it takes as long. */
  private async request(req: Request, newcomer: Newcomer): Promise<void> {
    const { userStore, mailSender, registrationLifetimeMs } = this.options;
    if (!mailSender)
      throw new Error('AuthModule: registration is to be confirmed and there is no mailSender.');
    const { email, displayName } = newcomer;
    const taken = await userStore.findByEmail(email);
    const expiresAt = new Date(Date.now() + registrationLifetimeMs);
    const token = await this.tokens.issue('registration', newcomer, registrationLifetimeMs);
    await this.recorder.record(req, {
      type: 'registration.requested',
      userId: taken?.id ?? null,
      actorId: null,
      detail: { mail: taken ? 'account-exists' : 'registration' },
    });
    if (taken) this.mails.handOver('account exists', () => mailSender.sendAccountExists({ email }));
    else {
      this.mails.handOver('registration', () =>
        mailSender.sendRegistration({ email, displayName, token, expiresAt }),
      );
    }
  }

  private async createAndLogIn(req: Request, newcomer: Newcomer, transport: Transport): Promise<LoggedIn> {
    const { userStore, throttle } = this.options;
    const recording = this.recorder.recording(originOf(req), ({ id }) => [
      { type: 'registered', userId: id, actorId: id, detail: { transport } },
    ]);
    const created = await userStore.create({ ...newcomer, roles: [] }, recording);
    await recording.settle(created, created);
    // Whoever tried this name while nobody had it must not keep its owner out now.
    const { deviceToken } = await startAnew(throttle, newcomer.email);
    const loggedIn = await this.auth.establishSession(req, created, { transport });
    await this.recorder.record(req, {
      type: 'login.succeeded',
      userId: created.id,
      actorId: created.id,
      sessionId: loggedIn.session.id,
      detail: { transport, by: 'registration' },
    });
    return { ...loggedIn, deviceToken };
  }
}
