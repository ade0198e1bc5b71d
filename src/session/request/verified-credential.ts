import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const KEY = Symbol('latchkey.verified');

interface VerifiedCredential {
  verify: Verify;
  sent: string;
  token: string;
}

type Verify = (sent: string) => string | undefined;
type Connection = Socket & { [KEY]?: VerifiedCredential };

/**
 * The session token of a credential, as `verify` finds it. A client sends the same one with every request, so of each
 * connection the last that verified is remembered: that a signature holds does not change, and it says nothing about
 * whether the session lives. Behind a proxy, whose connections are everybody's, it is a comparison for nothing.
 *
 * @param verify the same function every time, or nothing is found again
 */
export function verifiedToken(req: IncomingMessage, sent: string, verify: Verify): string | undefined {
  const connection = req.socket as Connection;
  const known = connection[KEY];
  // Not in constant time: it is compared with what this very client has sent before.
  if (known?.verify === verify && known.sent === sent) return known.token;
  const token = verify(sent);
  if (token !== undefined) connection[KEY] = { verify, sent, token };
  return token;
}
