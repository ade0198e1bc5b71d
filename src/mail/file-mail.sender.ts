import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { MailSender, type AccountExistsMail, type RegistrationMail } from '../auth/index.js';
import type { MailSettings } from './mail-settings.js';
import { accountExistsText, registrationText, type MailText } from './mail-texts.js';

/**
 * Writes mails to files that only their owner can read, for development without a mail server. The
 * log says where, and nothing of what is in them: they hold tokens.
 */
export class FileMailSender extends MailSender {
  private readonly logger = new Logger('Mail');

  /** @param folder made when it is not there */
  constructor(
    private readonly folder: string,
    private readonly settings: Pick<MailSettings, 'from' | 'confirmUrl'>,
  ) {
    super();
  }

  async sendRegistration({ email, ...mail }: RegistrationMail): Promise<void> {
    await this.write(email, registrationText(this.settings.confirmUrl, mail));
  }

  async sendAccountExists({ email }: AccountExistsMail): Promise<void> {
    await this.write(email, accountExistsText(this.settings.confirmUrl));
  }

  private async write(email: string, { subject, text }: MailText): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomBytes(4).toString('hex')}.txt`;
    const file = join(this.folder, name);
    const mail = `From: ${this.settings.from}\nTo: ${email}\nSubject: ${subject}\n\n${text}`;
    await writeFile(file, mail, { mode: 0o600, flag: 'wx' });
    this.logger.log(`no SMTP_URL is set, so a mail was written to ${file}`);
  }
}
