/** To somebody who wants an account: the token that makes it. */
export interface RegistrationMail {
  /** Normalised. */
  email: string;
  /**
   * As it was typed by whoever registered, who need not be the reader. Leave it out of the mail, or your server sends a
   * stranger's words to anybody.
   */
  displayName: string | null;
  /** For `POST /auth/register/confirm`. */
  token: string;
  expiresAt: Date;
}

/** To the owner of an account whose e-mail somebody tried to register. */
export interface AccountExistsMail {
  /** Normalised. */
  email: string;
}

/** To the owner of an account: the token that sets a new password. */
export interface PasswordResetMail {
  /** Normalised. */
  email: string;
  /** For `AuthService.resetPassword`. */
  token: string;
  expiresAt: Date;
}

/**
 * Port: sends the mails of accounts. Put a token into the fragment of a link to a page of your front end
 * (`https://app.example.com/confirm#token=…`), which no server logs and no `Referer` repeats; the page posts it when its
 * reader clicks. Nothing may happen on a GET: scanners open every link in a mail.
 *
 * It is called after the answer has left, at most four mails at a time. A call that rejects, or takes longer than half a
 * minute, is repeated three times within two minutes and then logged as an error; mails that wait live in memory.
 * The rejection is logged: no token in its message.
 */
export abstract class MailSender {
  /** Needed for `registration: 'confirm'`. */
  abstract sendRegistration(mail: RegistrationMail): Promise<void>;

  /** Needed for `registration: 'confirm'`. Say no more than that there is an account already. */
  abstract sendAccountExists(mail: AccountExistsMail): Promise<void>;

  /** Needed for `AuthService.requestPasswordReset`; a sender without it refuses. */
  async sendPasswordReset(_mail: PasswordResetMail): Promise<void> {
    throw new Error('This MailSender sends no password resets.');
  }
}
