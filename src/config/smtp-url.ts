/** A mail server as `SMTP_URL` names it. */
export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte (RFC 8314), as `smtps://` says; else it may be turned on with STARTTLS. */
  implicitTls: boolean;
  user: string | undefined;
  password: string | undefined;
}

// RFC 6409 and RFC 8314: the ports at which servers take mail from programs.
const PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 };

/** Reads `smtp://user:password@host:587` or `smtps://…:465`; null for everything else, also for a path or a query. */
export function parseSmtpUrl(text: string): SmtpServer | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  const defaultPort = url === null ? undefined : PORTS[url.protocol];
  if (url === null || defaultPort === undefined || url.hostname === '') return null;
  if (url.search || url.hash || !/^\/?$/.test(url.pathname)) return null;
  if ((url.username === '') !== (url.password === '')) return null;
  try {
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? defaultPort : Number(url.port),
      implicitTls: url.protocol === 'smtps:',
      user: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
    };
  } catch {
    return null;
  }
}
