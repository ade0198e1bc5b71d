import type { INestApplication } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';

import type { Env } from './config/index.js';

const PORTS_TO_TRY = 20;

/**
 * Listens where the settings say. In development, when nobody asked for a port and the usual one is taken, on the next
 * one that is free.
 *
 * @returns the address under which this machine reaches the program.
 * @throws when the port is taken or may not be used.
 */
export async function listen(
  app: INestApplication,
  env: Pick<Env, 'host' | 'port' | 'portIsDefault' | 'production'>,
): Promise<string> {
  const last = env.portIsDefault && !env.production ? env.port + PORTS_TO_TRY : env.port;
  for (let port = env.port; ; port += 1) {
    try {
      await app.listen(port, env.host);
      return urlOf(app, env.host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port >= last) throw error;
    }
  }
}

function urlOf(app: INestApplication, host: string): string {
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}
