import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application, NextFunction, Request, Response } from 'express';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ProblemException, sendProblem } from '../problem/index.js';

export const CONSOLE_PATH = '/console';

// In the package, and where the sources are: both are two folders below what is published.
const BUILT = fileURLToPath(new URL('../../dist/console', import.meta.url));
// What the bundler names by its content, so that another content has another address.
const HASHED = `${sep}assets${sep}`;

/**
 * Serves the console, a single page that uses nothing but the HTTP contract, at `/console/`, and sends whoever asks for
 * `/` there. Every address below that names no file is the page: its own router knows what it stands for.
 *
 * The files are public, so no session is looked up for them and they are there while Redis is not. Call it after
 * `configureHttp` and before `app.init()`.
 *
 * @param directory of the built files
 */
export function serveConsole(app: NestExpressApplication, directory = BUILT): void {
  app.use(CONSOLE_PATH, (req: Request, _res: Response, next: NextFunction) => {
    if (isPage(req)) req.url = '/index.html';
    next();
  });
  app.useStaticAssets(directory, {
    prefix: CONSOLE_PATH,
    // A page may be kept, but is asked about each time: it names the files of the present build.
    setHeaders: (res: Response, file: string) => {
      const isHashed = file.slice(directory.length).startsWith(HASHED);
      res.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const router = app.getHttpAdapter().getInstance() as Application;
  router.get(`${CONSOLE_PATH}/{*path}`, (req, res) => sendProblem(req, res, missing(req)));
  router.get('/', (_req, res) => res.redirect(`${CONSOLE_PATH}/`));
}

/** Whether a request is for the page and not for one of its files: those have an extension. */
function isPage({ originalUrl }: Request): boolean {
  const [path = ''] = originalUrl.split('?', 1);
  // `/console` itself is left alone, to be redirected: what the page names is relative to a folder.
  return path.startsWith(`${CONSOLE_PATH}/`) && !path.slice(path.lastIndexOf('/')).includes('.');
}

function missing(req: Request): ProblemException {
  return isPage(req)
    ? new ProblemException('NOT_FOUND', {
        detail: 'The console is not built. Run npm run build, then restart.',
      })
    : new ProblemException('NOT_FOUND');
}
