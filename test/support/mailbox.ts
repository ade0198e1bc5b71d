import {
  MailSender,
  type AccountExistsMail,
  type PasswordResetMail,
  type RegistrationMail,
} from '../../src/auth/index.js';

export type ReceivedMail =
  | ({ kind: 'registration' } & RegistrationMail)
  | ({ kind: 'account exists' } & AccountExistsMail)
  | ({ kind: 'password reset' } & PasswordResetMail);

/** Receives the mails of a host. */
export class Mailbox extends MailSender {
  readonly mails: ReceivedMail[] = [];
  /** While it is set, every mail waits for it. */
  held: Promise<void> | undefined;
  private arrived: () => void = () => undefined;

  sendRegistration = (mail: RegistrationMail) => this.receive({ kind: 'registration', ...mail });
  sendAccountExists = (mail: AccountExistsMail) => this.receive({ kind: 'account exists', ...mail });
  override sendPasswordReset = (mail: PasswordResetMail) => this.receive({ kind: 'password reset', ...mail });

  /** The oldest mail of this kind to this address, taken out; waits until there is one. */
  async next<K extends ReceivedMail['kind']>(
    kind: K,
    email: string,
  ): Promise<Extract<ReceivedMail, { kind: K }>> {
    for (;;) {
      const index = this.mails.findIndex((mail) => mail.kind === kind && mail.email === email);
      if (index !== -1) return this.mails.splice(index, 1)[0] as Extract<ReceivedMail, { kind: K }>;
      await new Promise<void>((resolve) => (this.arrived = resolve));
    }
  }

  private async receive(mail: ReceivedMail): Promise<void> {
    await this.held;
    this.mails.push(mail);
    this.arrived();
  }
}
