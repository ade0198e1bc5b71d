import type { IncomingMessage } from 'node:http';
import { ProblemException } from '../problem/index.js';
import { demandCookieTransport, presentedTransport, type Transport } from '../session/index.js';

/**
 * The transport of the session that a login makes: the one asked for, else the one of the credential that came along,
 * else a cookie. A response to a request with a bearer token never sets a cookie, so a cookie cannot be asked for there.
 * @throws ProblemException `AMBIGUOUS_CREDENTIALS`
 * @throws InsecureTransportError when it is a cookie that the answer could not set
 */
export function loginTransport(req: IncomingMessage, asked: Transport | undefined): Transport {
  const presented = presentedTransport(req);
  if (asked === 'cookie' && presented === 'bearer') {
    throw new ProblemException('AMBIGUOUS_CREDENTIALS', {
      detail:
        'A request with a bearer token cannot log in with a cookie. Leave the Authorization header out.',
    });
  }
  const transport = asked ?? presented ?? 'cookie';
  // Before anything is counted or compared: a right password must not be what shows that something is wrong here.
  if (transport === 'cookie') demandCookieTransport(req);
  return transport;
}
