import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';

import type { OpenApiDocument } from './openapi.js';

export const DOCS_PATH = '/docs';
export const DOCS_JSON_PATH = '/docs-json';

/**
 * The inline styles of the page that @nestjs/swagger writes, for its Content-Security-Policy: two blocks, then the
 * attributes of a hidden sprite and of the logo. They change with that package; test/openapi.e2e-spec.ts says to what,
 * except for the logo, which only a browser's console tells.
 */
export const DOCS_STYLE_HASHES = [
  "'sha256-/jDKvbQ8cdux+c5epDIqkjHbXDaIY8RucT1PmAe8FG4='",
  "'sha256-eaPyLWVdqMc60xuz5bTp2yBRgVpQSoUggte1+40ONPU='",
  "'unsafe-hashes'",
  "'sha256-ezdv1bOGcoOD7FKudKN0Y2Mb763O6qVtM8LT2mtanIU='",
  "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
];

/** Serves Swagger UI at `/docs` and the document at `/docs-json`. Call it before `app.init()`. */
export function serveDocs(app: INestApplication, document: OpenApiDocument): void {
  SwaggerModule.setup(DOCS_PATH, app, document, {
    jsonDocumentUrl: DOCS_JSON_PATH,
    raw: ['json'],
    customSiteTitle: 'Latchkey API',
    // «Try it out» of a page on this origin carries the session cookie by itself; nothing is to be kept in the browser.
    swaggerOptions: { persistAuthorization: false },
  });
}
