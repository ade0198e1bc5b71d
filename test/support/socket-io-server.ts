import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { Server } from 'socket.io';

import { SessionSockets, socketGate, type SocketSession } from '../../src/index.js';

/** Connections of socket.io, each with a live session. They greet, and answer `who`. */
export function serveSocketIo(app: INestApplication<HttpServer>, origins: string[]): Server {
  const admit = socketGate(app.get(SessionSockets), { origins });
  const sessions = new WeakMap<IncomingMessage, SocketSession>();
  const io = new Server(app.getHttpServer(), {
    transports: ['websocket'], // each request of long polling would have to be asked about
    serveClient: false,
    maxHttpBufferSize: 4_096,
    // Not io.use: that is asked when the connection is open already.
    allowRequest: (req, allow) => {
      admit(req).then(
        (session) => {
          req.socket.once('close', () => session.release());
          sessions.set(req, session);
          allow(null, true);
        },
        () => allow('refused', false), // 403; which of the codes, GET /auth/session says
      );
    },
  });

  io.on('connection', (socket) => {
    const session = sessions.get(socket.request) as SocketSession;
    session.onEnd(({ code, reason }) => {
      socket.emit('ended', { code, reason }); // socket.io has close codes of its own
      socket.disconnect(true); // from now on nothing is done in the user's name
    });
    socket.on('who', (answer: (name: string | null) => void) => answer(session.principal.displayName));
  });
  return io;
}
