import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { WebSocketServer } from 'ws';

import { refuseUpgrade, SessionSockets, socketGate } from '../../src/index.js';

/** WebSockets without Nest's gateways: any library that can be handed an upgrade request. They greet, and echo. */
export function serveSockets(app: INestApplication<Server>, origins: string[]): void {
  const admit = socketGate(app.get(SessionSockets), { origins });
  const server = new WebSocketServer({ noServer: true, maxPayload: 4_096 });

  app.getHttpServer().on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    admit(req).then(
      (session) => {
        socket.once('close', () => session.release());
        server.handleUpgrade(req, socket, head, (client) => {
          session.onEnd(({ code, reason }) => {
            client.removeAllListeners('message'); // from now on nothing is done in the user's name
            client.close(code, reason);
            setTimeout(() => client.terminate(), 500);
          });
          client.on('message', (message) => client.send(message));
          client.send(JSON.stringify({ hello: session.principal.displayName }));
        });
      },
      (error) => refuseUpgrade(req, socket, error),
    );
  });
}
