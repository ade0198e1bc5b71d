import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const waiting = new WeakMap<IncomingMessage, () => void>();

/**
 * Lets a client that asks first (`Expect: 100-continue`) hear a refusal before it sends its body. Other expectations are
 * ignored, as a server may, so that they are answered like anything else.
 *
 * @see RFC 9110, section 10.1.1
 */
export function answerExpectations(server: Server): void {
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) =>
    server.emit('request', req, res),
  );
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    const { shouldKeepAlive } = res;
    // Who was not told to go on may send the body or not: whatever comes next on this connection could be either.
    res.shouldKeepAlive = false;
    waiting.set(req, () => {
      res.shouldKeepAlive = shouldKeepAlive;
      res.writeContinue();
    });
    server.emit('request', req, res);
  });
}

/** Says that the body is wanted, to a client that waits for that. To be called before it is read. */
export function askForBody(req: IncomingMessage): void {
  waiting.get(req)?.();
  waiting.delete(req);
}
