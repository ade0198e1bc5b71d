import { createTransport, type Transporter } from 'nodemailer';
import { MailSender, type AccountExistsMail, type RegistrationMail } from '../auth/index.js';
import type { MailSettings, SmtpSettings } from './mail-settings.js';
import { accountExistsText, registrationText, type MailText } from './mail-texts.js';

// A server that says nothing for so long says nothing.
const SILENCE_MS = 10_000;

/** A mail server did not take a mail. The message says why, without whom the mail was for. */
export class MailNotSentError extends Error {}

/** Sends mails through an SMTP server, each over a connection of its own. */
export class SmtpMailSender extends MailSender {
  private readonly transport: Transporter;

  /** @param silenceMs after which a server that says nothing is away */
  constructor(
    smtp: SmtpSettings,
    private readonly settings: Pick<MailSettings, 'from' | 'confirmUrl'>,
    silenceMs = SILENCE_MS,
  ) {
    super();
    this.transport = createTransport(transportOptions(smtp, silenceMs));
  }

  async sendRegistration({ email, ...mail }: RegistrationMail): Promise<void> {
    await this.send(email, registrationText(this.settings.confirmUrl, mail));
  }

  async sendAccountExists({ email }: AccountExistsMail): Promise<void> {
    await this.send(email, accountExistsText(this.settings.confirmUrl));
  }

  private async send(email: string, { subject, text }: MailText): Promise<void> {
    try {
      await this.transport.sendMail({
        from: this.settings.from,
        // An object is one address, whatever is in it; a text would be read as a list of them.
        to: { name: '', address: email },
        subject,
        text,
        // RFC 3834: out-of-office replies stay away. And no name and version of the program that sent it.
        headers: { 'Auto-Submitted': 'auto-generated' },
        xMailer: false,
      });
    } catch (error) {
      throw new MailNotSentError(reasonOf(error, email));
    }
  }
}

function transportOptions({ host, port, tls, user, password }: SmtpSettings, silenceMs: number) {
  return {
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2' as const },
    auth: user === undefined ? undefined : { user, pass: password ?? '' },
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    dnsTimeout: silenceMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Servers repeat the address in what they answer. */
function reasonOf(error: unknown, email: string): string {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  return `${code ?? 'failed'}: ${message}`.replaceAll(email, '(the recipient)');
}
