import type { IncomingMessage, Server } from 'node:http';

const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Lets requests whose target names scheme and host (RFC 9112, section 3.2.2) be routed, logged and answered like others.
 * Express leaves them as they are, and answers one without a path past every middleware, with a page of HTML.
 */
export function readAbsoluteForm(server: Server): void {
  server.prependListener('request', (req: IncomingMessage) => {
    const { url = '/' } = req;
    if (ABSOLUTE_FORM.test(url)) req.url = url.replace(ABSOLUTE_FORM, '').replace(/^(?!\/)/, '/');
  });
}
