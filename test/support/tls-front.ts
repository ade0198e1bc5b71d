import { once } from 'node:events';
import { createServer } from 'node:https';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { makeCertificates } from './tls.js';

/** What ends TLS in front of the program, as a load balancer does. */
export interface TlsFront {
  /** `https://127.0.0.1:…`, with a certificate that nobody knows. */
  url: string;
  /** @param url of the program that is asked from now on */
  leadTo(url: string): void;
  close(): Promise<void>;
}

/** Starts it; its address is known before the program that it leads to is there. */
export async function startTlsFront(): Promise<TlsFront> {
  const certificates = makeCertificates();
  let target = '';
  const server = createServer(certificates.read(), (req, res) => {
    const headers = { ...req.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };
    const onward = request(`${target}${req.url}`, { method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (url) => void (target = url),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      certificates.remove();
    },
  };
}
