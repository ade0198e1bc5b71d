import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

export interface OriginOptions {
  /** The origin under which browsers reach the program; undefined: by loopback, whatever the port. */
  publicUrl: string | undefined;
  /** Front ends on other origins of the same site. */
  allowedOrigins: readonly string[];
}

/**
 * Compares an `Origin` with what is configured, character by character. Without `PUBLIC_URL` the program's own
 * origins are those of loopback with the port the request came in at: known only per request, since in development
 * the port may be any free one. `Host` is not asked, it says whatever the sender likes (DNS rebinding).
 */
export function knownOrigins({
  publicUrl,
  allowedOrigins,
}: OriginOptions): (origin: string, req: IncomingMessage) => boolean {
  const known = new Set(allowedOrigins);
  if (publicUrl !== undefined) {
    known.add(publicUrl);
    return (origin) => known.has(origin);
  }
  return (origin, req) => known.has(origin) || loopbackOrigins(req.socket.localPort).includes(origin);
}

/** The origins by which a browser on this machine reaches a port of it. */
export function loopbackOrigins(port: number | undefined): string[] {
  return LOOPBACK_NAMES.map((host) => new URL(`http://${host}:${port ?? 0}`).origin);
}
