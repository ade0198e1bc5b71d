import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

import { BEARER_SCHEME, COOKIE_SCHEME } from '../auth/index.js';
import { codesByStatus, PROBLEM_SCHEMA, problemResponse, type ProblemCode } from '../problem/index.js';

export type OpenApiDocument = ReturnType<typeof SwaggerModule.createDocument>;
type PathItem = OpenApiDocument['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Responses = Record<string, ReturnType<typeof problemResponse> | undefined>;

/** What an operation demands of sessions and people, as the program's decorators say. */
export interface OperationAccess {
  session: 'required' | 'optional' | 'none';
  /** Whether the caller needs a role. */
  role: boolean;
  /** Whether the caller must have proved presence recently. */
  recentLogin: boolean;
}

export interface OpenApiOptions {
  version: string;
  cookieName: string;
  accessOf: (controller: string, method: string) => OperationAccess;
  /** Whether requests to a path get a session before they reach their handler. */
  hasSession: (path: string) => boolean;
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/**
 * The OpenAPI document of the application, from its code: routes, schemas and answers from the controllers, security
 * of each operation from its decorators, and the error answers that come from the layers before the handlers.
 */
export function buildOpenApi(app: INestApplication, options: OpenApiOptions): OpenApiDocument {
  const config = new DocumentBuilder()
    .setTitle('Latchkey')
    .setDescription(
      'Session authentication: log in, see and end sessions. The contract in prose is docs/http-api.md.',
    )
    .setVersion(options.version)
    .addCookieAuth(
      options.cookieName,
      { type: 'apiKey', in: 'cookie', description: 'Set by a login with transport cookie.' },
      COOKIE_SCHEME,
    )
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'The token of a login with transport bearer.' },
      BEARER_SCHEME,
    )
    .build();
  const access = new Map<string, OperationAccess>();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => {
      const id = `${controller.replace(/Controller$/, '')}_${method}`;
      access.set(id, options.accessOf(controller, method));
      return id;
    },
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA as never },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      const demand = access.get(operation.operationId ?? '') ?? {
        session: 'required',
        role: false,
        recentLogin: false,
      };
      // A handler that documents a session though it lets everybody in, such as logout, uses one when it is there.
      const usesSession = demand.session === 'none' && (operation.security ?? []).length > 0;
      operation.security = securityOf(usesSession ? 'optional' : demand.session);
      addProblems(operation, commonProblems(method, operation, demand, options.hasSession(path)));
    }
  }
  return document;
}

function securityOf(session: OperationAccess['session']): Record<string, string[]>[] {
  if (session === 'none') return [];
  const schemes: Record<string, string[]>[] = [{ [COOKIE_SCHEME]: [] }, { [BEARER_SCHEME]: [] }];
  return session === 'optional' ? [{}, ...schemes] : schemes;
}

/** What the layers before a handler can answer: HTTP, the session, the guards, the validation. */
function commonProblems(
  method: string,
  operation: Operation,
  access: OperationAccess,
  hasSession: boolean,
): ProblemCode[] {
  const codes: ProblemCode[] = ['INTERNAL_ERROR'];
  if (method !== 'get') codes.push('CROSS_SITE_REQUEST');
  if (operation.requestBody !== undefined)
    codes.push('MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE');
  if (operation.requestBody !== undefined || (operation.parameters ?? []).length > 0)
    codes.push('VALIDATION_FAILED');
  if (hasSession) codes.push('AMBIGUOUS_CREDENTIALS', 'SESSION_STORE_UNAVAILABLE');
  if (access.session !== 'none') codes.push('UNAUTHENTICATED');
  if (access.role) codes.push('FORBIDDEN', 'REAUTHENTICATION_REQUIRED');
  if (access.recentLogin) codes.push('REAUTHENTICATION_REQUIRED');
  return codes;
}

/** Adds codes to those that the handler's own decorators have documented. */
function addProblems(operation: Operation, codes: readonly ProblemCode[]): void {
  const responses = operation.responses as Responses;
  for (const [status, added] of codesByStatus(codes)) {
    const own =
      responses[status]?.content?.['application/problem+json']?.schema.allOf[1]?.properties?.code.enum ?? [];
    responses[status] = problemResponse([...own, ...added.filter((code) => !own.includes(code))]);
  }
}
