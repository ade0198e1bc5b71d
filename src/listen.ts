import type { INestApplication } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';

import type { Env } from './config/index.js';

const PORTS_TO_TRY = 20;

/** Where the program listens. */
export interface Listening {
  /** The address under which this machine reaches the program. */
  url: string;
  /** The usual port, when it was taken and another one was chosen. */
  takenPort: number | undefined;
}

/**
 * Listens where the settings say. In development, when nobody asked for a port and the usual one is taken, on the next
 * one that is free.
 * @throws Error saying what to do when the port is taken, or why it may not be used
 */
export async function listen(
  app: INestApplication,
  env: Pick<Env, 'host' | 'port' | 'portIsDefault' | 'production'>,
): Promise<Listening> {
  const last = env.portIsDefault && !env.production ? env.port + PORTS_TO_TRY : env.port;
  for (let port = env.port; ; port += 1) {
    try {
      await app.listen(port, env.host);
      return { url: urlOf(app, env.host), takenPort: port === env.port ? undefined : env.port };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (port >= last) throw taken(env, last, error);
    }
  }
}

function taken(
  { host, port, portIsDefault }: Pick<Env, 'host' | 'port' | 'portIsDefault'>,
  last: number,
  cause: unknown,
) {
  const ports = last === port ? `Port ${port}` : `Every port from ${port} to ${last}`;
  const source = portIsDefault ? 'the default of PORT' : 'set as PORT';
  return new Error(
    `${ports} of ${host} (${source}) is taken by another program. End that one, or set PORT to a free port.`,
    { cause },
  );
}

function urlOf(app: INestApplication, host: string): string {
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}
