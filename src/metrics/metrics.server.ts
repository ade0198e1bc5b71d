import { Logger } from '@nestjs/common';
import { createServer, type Server } from 'node:http';

import { describeError } from '../problem/index.js';
import type { Metrics } from './metrics.js';

/**
 * Serves `GET /metrics`, and nothing else, on a listener of its own that the world need not reach.
 *
 * @returns the server, listening; the caller closes it.
 * @throws when the address cannot be had.
 */
export async function listenForMetrics(metrics: Metrics, port: number, host: string): Promise<Server> {
  const server = createServer((req, res) => {
    if (req.url !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(404).end();
      return;
    }
    metrics.registry.metrics().then(
      (text) =>
        res
          .writeHead(200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' })
          .end(text),
      (error: unknown) => {
        new Logger('Metrics').error(describeError(error));
        res.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}
