import type { MailSender } from '../auth/index.js';
import { FileMailSender } from './file-mail.sender.js';
import type { MailSettings } from './mail-settings.js';
import { SmtpMailSender } from './smtp-mail.sender.js';

export type { MailSettings } from './mail-settings.js';

/** The way mails leave the program: to the mail server, else to files; undefined when it has neither. */
export function createMailSender({ smtp, filesDir, ...settings }: MailSettings): MailSender | undefined {
  if (smtp !== undefined) return new SmtpMailSender(smtp, settings);
  return filesDir === undefined ? undefined : new FileMailSender(filesDir, settings);
}
