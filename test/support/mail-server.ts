import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface DeliveredMail {
  /** Recipients of the envelope: who gets it, whatever its header says. */
  recipients: string[];
  /** As it came over the wire. */
  raw: string;
  /** Its body, decoded. */
  text: string;
  header(name: string): string | undefined;
}

/** An SMTP server on loopback. */
export interface TestMailServer {
  port: number;
  mails: DeliveredMail[];
  /** Who has logged in, with which password. */
  logins: { user: string; password: string }[];
  /** The next mail; waits until there is one. */
  next(): Promise<DeliveredMail>;
  stop(): Promise<void>;
}

/** Starts one. Unless `options` say otherwise it offers no TLS, and takes mail from anybody. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<TestMailServer> {
  const mails: DeliveredMail[] = [];
  const logins: TestMailServer['logins'] = [];
  let arrived: () => void = () => undefined;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      logins.push({ user: String(username), password: String(password) });
      done(null, { user: username });
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const recipients = envelope.rcptTo.map(({ address }) => address);
        mails.push(delivered(recipients, Buffer.concat(chunks).toString()));
        done();
        arrived();
      });
    },
    ...options,
  });
  // Clients that hang up in the middle are part of the tests.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    async next() {
      for (;;) {
        const mail = mails.shift();
        if (mail) return mail;
        await new Promise<void>((resolve) => (arrived = resolve));
      }
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function delivered(recipients: string[], raw: string): DeliveredMail {
  const end = raw.indexOf('\r\n\r\n');
  const headers = raw.slice(0, end).replace(/\r\n[ \t]+/g, ' ');
  const body = raw.slice(end + 4);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1]?.trim();
  const quoted = header('Content-Transfer-Encoding') === 'quoted-printable';
  return { recipients, raw, header, text: quoted ? unquoted(body) : body };
}

/** RFC 2045, section 6.7; all of our texts are ASCII. */
function unquoted(text: string): string {
  return text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
