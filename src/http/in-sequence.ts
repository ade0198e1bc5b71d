import type { RequestHandler } from 'express';

/**
 * One middleware that passes each request through several, in their order, as `app.use` of each would. Express asks for
 * every one of its own whether it is for this path and what of the path to take away, which costs more than most of these do.
 */
export function inSequence(...handlers: readonly RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    let at = 0;
    const go = (error?: unknown): void => {
      const handler = handlers[at++];
      if (error || !handler) {
        next(error);
        return;
      }
      try {
        const done: unknown = handler(req, res, go);
        if (done instanceof Promise) done.catch(next);
      } catch (thrown) {
        next(thrown);
      }
    };
    go();
  };
}
