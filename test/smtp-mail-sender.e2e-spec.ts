import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { MailSender } from '../src/auth/index.js';
import { createMailSender, type MailSettings } from '../src/mail/index.js';
import { SmtpMailSender } from '../src/mail/smtp-mail.sender.js';
import { startMailServer, type TestMailServer } from './support/mail-server.js';

const TOKEN = `${'s'.repeat(22)}.${'t'.repeat(32)}`;
const MAIL = {
  email: 'ada@example.com',
  displayName: 'Buy at http://evil.example',
  token: TOKEN,
  expiresAt: new Date('2026-03-04T05:06:07Z'),
};

describe('mails over SMTP', () => {
  let server: TestMailServer | undefined;
  let silent: Server | undefined;
  const sockets: Socket[] = [];

  afterEach(async () => {
    await server?.stop();
    for (const socket of sockets.splice(0)) socket.destroy();
    silent?.close();
    server = silent = undefined;
  });

  const SETTINGS = {
    from: 'Example accounts <accounts@example.com>',
    confirmUrl: 'https://app.example.com/confirm?lang=en',
  };
  const serverAt = (port: number) =>
    ({ host: '127.0.0.1', port, tls: 'none', user: undefined, password: undefined }) as const;
  const senderTo = (port: number, smtp: Partial<MailSettings['smtp']> = {}): MailSender => {
    const sender = createMailSender({
      ...SETTINGS,
      smtp: { ...serverAt(port), ...smtp },
      filesDir: undefined,
    });
    if (!sender) throw new Error('no sender');
    return sender;
  };

  it('bring the token in the fragment of a link, as plain text, with nothing that a stranger has written', async () => {
    server = await startMailServer();
    await senderTo(server.port).sendRegistration(MAIL);
    const mail = await server.next();
    expect(mail.recipients).toEqual(['ada@example.com']);
    expect(mail.header('From')).toBe('Example accounts <accounts@example.com>');
    expect(mail.header('To')).toBe('ada@example.com');
    expect(mail.header('Subject')).toBe('Confirm your account at app.example.com');
    expect(mail.header('Content-Type')).toMatch(/^text\/plain/);
    expect(mail.header('Auto-Submitted')).toBe('auto-generated');
    expect(mail.text).toContain(`\r\nhttps://app.example.com/confirm?lang=en#token=${TOKEN}\r\n`);
    expect(mail.text).toContain('before 2026-03-04 05:06 UTC');
    expect(mail.raw).not.toMatch(/evil|nodemailer/i);
  });

  it('say that there is an account with neither link nor token', async () => {
    server = await startMailServer();
    await senderTo(server.port).sendAccountExists({ email: 'ada@example.com' });
    const mail = await server.next();
    expect(mail.recipients).toEqual(['ada@example.com']);
    expect(mail.header('Subject')).toBe('You already have an account at app.example.com');
    expect(mail.text).not.toMatch(/https?:|token/);
  });

  it.each([
    'eve,ada@example.com',
    'eve;ada@example.com',
    'Eve<eve@evil.example>,ada@example.com',
    'a b@example.com',
  ])('go to no other address than the one given: %s', async (email) => {
    server = await startMailServer();
    const sent = await senderTo(server.port)
      .sendAccountExists({ email })
      .then(
        () => true,
        () => false,
      );
    const recipients = server.mails.flatMap((mail) => mail.recipients);
    // Quoting is the mail server's business (RFC 5321, section 4.1.2); a second recipient is not.
    expect(recipients.map((recipient) => recipient.replaceAll('"', ''))).toEqual(sent ? [email] : []);
  });

  it('log in where the server wants it', async () => {
    server = await startMailServer({ authOptional: false });
    await senderTo(server.port, { user: 'latchkey', password: 'p@ss:word' }).sendRegistration(MAIL);
    expect(server.logins).toEqual([{ user: 'latchkey', password: 'p@ss:word' }]);
    expect(server.mails).toHaveLength(1);
  });

  it('are sent, and the password shown, under TLS or not at all', async () => {
    server = await startMailServer({ authOptional: false });
    const sender = senderTo(server.port, { tls: 'required', user: 'latchkey', password: 'secret' });
    await expect(sender.sendRegistration(MAIL)).rejects.toThrow(/STARTTLS/i);
    expect([server.mails, server.logins]).toEqual([[], []]);
  });

  it.each(['required', 'implicit'] as const)(
    'are not given to a server whose certificate nobody vouches for (%s TLS)',
    async (tls) => {
      // The server says that its certificate is worth nothing: that is the point.
      const warned = jest.spyOn(console, 'error').mockImplementation(() => undefined);
      server = await startMailServer({
        authOptional: false,
        disabledCommands: [],
        secure: tls === 'implicit',
      });
      warned.mockRestore();
      const sender = senderTo(server.port, { tls, user: 'latchkey', password: 'secret' });
      await expect(sender.sendRegistration(MAIL)).rejects.toThrow(/certificate|ESOCKET|ETLS/i);
      expect([server.mails, server.logins]).toEqual([[], []]);
    },
  );

  it('fail with the reason of the server, without the address', async () => {
    server = await startMailServer({
      onRcptTo: ({ address }, _session, done) => done(new Error(`no mailbox ${address} here`)),
    });
    const failure = senderTo(server.port).sendRegistration(MAIL);
    await expect(failure).rejects.toThrow(/no mailbox \(the recipient\) here/);
    await expect(failure).rejects.not.toThrow(/ada@/);
  });

  it('fail when nobody listens, and when somebody listens and says nothing', async () => {
    server = await startMailServer();
    const { port } = server;
    await server.stop();
    server = undefined;
    await expect(senderTo(port).sendRegistration(MAIL)).rejects.toThrow(/ECONNREFUSED/);

    silent = createServer((socket) => sockets.push(socket));
    const listening = silent;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port: silentPort } = listening.address() as AddressInfo;
    const hasty = new SmtpMailSender(serverAt(silentPort), SETTINGS, 100);
    await expect(hasty.sendRegistration(MAIL)).rejects.toThrow(/ETIMEDOUT/);
  });

  it('have no sender without a mail server or a folder', () => {
    expect(createMailSender({ ...SETTINGS, smtp: undefined, filesDir: undefined })).toBeUndefined();
  });
});
