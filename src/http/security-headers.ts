import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import helmet from 'helmet';

import { CONSOLE_PATH } from './console-page.js';
import { DOCS_PATH, DOCS_STYLE_HASHES } from './docs-page.js';

export interface SecurityHeaderOptions {
  production: boolean;
  /** The origin under which browsers reach the program. */
  publicUrl: string | undefined;
}

// ASVS 3.4.3 asks for object-src and base-uri by name; the second has no default to fall back to, nor have the last two.
const NOTHING = {
  defaultSrc: ["'none'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

// The files that the page is made of, and nobody else's; what it sends goes through its scripts, not through its forms.
const OWN_FILES = {
  ...NOTHING,
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
};

// What browsers do with pages, and what browsers and plug-ins of long ago did: nothing that there is in JSON which is not
// sniffed, framed or run. Each would cost every answer time and bytes.
const OF_PAGES_ALONE = {
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

/**
 * Headers that keep a browser from doing anything with an answer but reading it. The API serves no page, so its
 * policy allows nothing; the console gets its own files, the documentation page also the styles that stand in it.
 *
 * @see OWASP Secure Headers; ASVS 5.0, V3.4
 */
export function securityHeaders(options: SecurityHeaderOptions): RequestHandler {
  const api = Object.entries(apiHeaders(options));
  const pages = new Map([
    [CONSOLE_PATH, Object.entries(headersOf(options, OWN_FILES))],
    [
      DOCS_PATH,
      Object.entries(headersOf(options, { ...OWN_FILES, styleSrc: ["'self'", ...DOCS_STYLE_HASHES] })),
    ],
  ]);
  return (req, res, next) => {
    for (const [name, value] of pages.get(folderOf(req)) ?? api) res.setHeader(name, value);
    next();
  };
}

/** What {@link securityHeaders} sets on an answer of the API, for answers that are written past Express. */
export function apiHeaders(options: SecurityHeaderOptions): Readonly<Record<string, string>> {
  return headersOf(options, NOTHING, OF_PAGES_ALONE);
}

// Once: they are the same for every answer, and helmet passes each request through a middleware for each of them.
function headersOf(
  options: SecurityHeaderOptions,
  directives: object,
  others: Partial<typeof OF_PAGES_ALONE> = {},
): Record<string, string> {
  const headers: Record<string, string> = {};
  const collector = {
    setHeader: (name: string, value: string) => void (headers[name] = value),
    removeHeader: () => undefined,
  };
  helmet({ ...policyOf(options, directives), ...others })(
    {} as IncomingMessage,
    collector as unknown as ServerResponse,
    (error?: unknown) => {
      if (error instanceof Error) throw error;
    },
  );
  return headers;
}

function policyOf({ production, publicUrl }: SecurityHeaderOptions, directives: object) {
  // Of no effect over http (RFC 6797, section 8.1), and on a machine's localhost it would lock every other program out.
  const https = production && publicUrl?.startsWith('https:') === true;
  return {
    strictTransportSecurity: https && { maxAge: 31_536_000, includeSubDomains: true },
    xFrameOptions: { action: 'deny' as const },
    contentSecurityPolicy: { useDefaults: false, directives: { ...directives } },
  };
}

/** The first part of a path, such as `/docs`. */
function folderOf({ path }: Request): string {
  const end = path.indexOf('/', 1);
  return end < 0 ? path : path.slice(0, end);
}
