import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { socketGate, type SocketGateOptions } from '../auth/index.js';
import { describeError, refuseUpgrade, toProblem } from '../problem/index.js';
import { SessionSockets, type SocketEnding, type SocketSession } from '../session/index.js';
import { bindSession } from './socket-session-of.js';

// A message is handled in memory as a whole; the default of ws is 100 MiB.
const MAX_MESSAGE_BYTES = 65_536;
// Whoever does not answer a close frame by then is cut off.
const CLOSING_MS = 500;

/** Which connections the adapter takes. */
export type SessionWsAdapterOptions = SocketGateOptions;

/** Of a WebSocket of the package ws, what is needed here. */
interface Client {
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close', listener: () => void): unknown;
  removeAllListeners(event: 'message'): unknown;
}

/** Of its server. */
interface Server {
  handleUpgrade: (req: IncomingMessage, socket: Duplex, head: Buffer, done: Done) => void;
}
type Done = (client: Client, req: IncomingMessage) => void;

/**
 * The WebSockets of a Nest application, each with a live session:
 * `app.useWebSocketAdapter(new SessionWsAdapter(app, { origins: ['https://app.example.com'] }))`.
 *
 * An upgrade request without one, or from a page of another site, is answered over HTTP with a problem (401
 * `UNAUTHENTICATED`, 403 `CROSS_SITE_REQUEST`, 400 `AMBIGUOUS_CREDENTIALS`, 503 `SESSION_STORE_UNAVAILABLE`) and not
 * upgraded. When the session ends anywhere, no message of that connection is handled any more, and it is closed: see
 * `SocketEnding` for the codes. Messages are at most 64 KiB unless the gateway's options say otherwise (`maxPayload`).
 */
export class SessionWsAdapter extends WsAdapter {
  private readonly admit: (req: IncomingMessage) => Promise<SocketSession>;
  private readonly sessionLogger = new Logger(SessionWsAdapter.name);
  private readonly guarded = new WeakSet<object>();

  /** @throws TypeError when there is no origin, or something that browsers never send as one */
  constructor(app: INestApplicationContext, options: SessionWsAdapterOptions) {
    super(app);
    this.admit = socketGate(app.get(SessionSockets, { strict: false }), options);
  }

  /** @internal Called by Nest for every gateway. */
  override create(port: number, options?: Record<string, unknown>): Server {
    const server = super.create(port, { maxPayload: MAX_MESSAGE_BYTES, ...options }) as Server;
    if (!this.guarded.has(server)) this.guard(server);
    this.guarded.add(server);
    return server;
  }

  private guard(server: Server): void {
    const upgrade = server.handleUpgrade.bind(server);
    server.handleUpgrade = (req, socket, head, done) => {
      const ignore = () => undefined;
      // Until ws has taken it over, nobody else hears of a client that hangs up.
      socket.on('error', ignore);
      const admitted = this.admit(req).then(
        (session) => {
          socket.off('error', ignore);
          const release = () => session.release();
          // Also when ws refuses the handshake.
          socket.once('close', release);
          if (socket.destroyed) return release();
          upgrade(req, socket, head, (client, request) => {
            attach(client, session);
            // It may have ended while a gateway's own verifyClient took its time.
            if (!session.hasEnded) done(client, request);
          });
        },
        (error: unknown) => {
          if (toProblem(error).body.status === 500)
            this.sessionLogger.error(`an upgrade failed: ${describeError(error)}`);
          refuseUpgrade(req, socket, error);
        },
      );
      // What ws or a gateway's own options throw at.
      admitted.catch((error: unknown) => {
        this.sessionLogger.error(`an upgrade failed: ${describeError(error)}`);
        socket.destroy();
      });
    };
  }
}

function attach(client: Client, session: SocketSession): void {
  bindSession(client, session);
  session.onEnd(({ code, reason }: SocketEnding) => {
    // Between the two close frames a client may go on sending, for as long as it likes.
    client.removeAllListeners('message');
    client.close(code, reason);
    setTimeout(() => client.terminate(), CLOSING_MS).unref();
  });
}
