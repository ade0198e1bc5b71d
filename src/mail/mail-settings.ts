/** How mails leave the program. */
export interface MailSettings {
  /** The mail server. */
  smtp: SmtpSettings | undefined;
  /** Sender of every mail, an address or `Name <address>`. */
  from: string;
  /** Page of the front end that confirms a registration. The token is added as its fragment. */
  confirmUrl: string;
  /** Where mails are written without a mail server; undefined, as in production: nowhere. */
  filesDir: string | undefined;
}

export interface SmtpSettings {
  host: string;
  port: number;
  /**
   * `implicit`: TLS from the first byte. `required`: STARTTLS or no mail. `offered`: STARTTLS where the server has it,
   * which whoever sits in between can prevent. `none`: for a server on this machine.
   */
  tls: 'implicit' | 'required' | 'offered' | 'none';
  user: string | undefined;
  password: string | undefined;
}
