import type { RegistrationMail } from '../auth/index.js';

/** A mail without its addresses: plain text, since anybody can have one sent to anybody. */
export interface MailText {
  subject: string;
  text: string;
}

/** The token is in the fragment: no server logs it, no `Referer` repeats it, and no scanner confirms by a GET. */
export function registrationText(
  confirmUrl: string,
  { token, expiresAt }: Pick<RegistrationMail, 'token' | 'expiresAt'>,
): MailText {
  const { host } = new URL(confirmUrl);
  return {
    subject: `Confirm your account at ${host}`,
    text: [
      `Somebody asked for an account at ${host} with this e-mail address, and chose a password for it.`,
      '',
      `If it was you, open this page before ${timeOf(expiresAt)} and confirm:`,
      '',
      `${confirmUrl}#token=${token}`,
      '',
      'If it was not you, do not confirm it: you would have an account whose password somebody else knows. Without',
      'your confirmation there is none.',
      '',
    ].join('\n'),
  };
}

/** Holds no link and no token. */
export function accountExistsText(confirmUrl: string): MailText {
  const { host } = new URL(confirmUrl);
  return {
    subject: `You already have an account at ${host}`,
    text: [
      `Somebody tried to make an account at ${host} with this e-mail address. It has one already.`,
      '',
      'If it was you, log in with the password of that account. If it was not you, there is nothing to do: nothing was',
      'changed, and whoever tried was not told.',
      '',
    ].join('\n'),
  };
}

/** To the minute, in UTC: `2026-01-31 17:05 UTC`. */
function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
