import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

import { PROBLEMS, problemType, type ProblemCode } from './problem.catalogue.js';

/** The OpenAPI schema of every error answer, to be placed at `components.schemas.Problem`. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'An error as of RFC 9457.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: {
      type: 'string',
      description: 'Stable URI of the problem type.',
      example: problemType('UNAUTHENTICATED'),
    },
    title: { type: 'string', description: 'Fixed per type.' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'A sentence about this case.' },
    code: { type: 'string', enum: Object.keys(PROBLEMS), description: 'Stable; the member to branch on.' },
    requestId: { type: 'string', description: 'Also in the X-Request-Id header and in the log.' },
    errors: {
      type: 'array',
      description: 'With VALIDATION_FAILED and PASSWORD_TOO_WEAK: what is wrong, by place.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const text = (description: string) => ({ description, schema: { type: 'string' } }) as const;
const RETRY_AFTER = {
  'Retry-After': { description: 'Whole seconds.', schema: { type: 'integer', minimum: 1 } },
} as const;

/** What an answer of a status carries beside its problem. */
const HEADERS: Readonly<Record<number, Record<string, object>>> = {
  401: { 'WWW-Authenticate': text('RFC 6750, section 3.') },
  429: {
    ...RETRY_AFTER,
    'RateLimit-Policy': text('The limit that is used up: `"<name>";q=<quota>;w=<seconds>`.'),
    RateLimit: text('What is left of it, and when there is more: `"<name>";r=0;t=<seconds>`.'),
  },
  503: RETRY_AFTER,
};

/** An OpenAPI response object that documents `codes`, which must all be of the same status. */
export function problemResponse(codes: readonly ProblemCode[]) {
  const [code] = codes;
  return {
    headers: (code && HEADERS[PROBLEMS[code].status]) ?? {},
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].detail}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', properties: { code: { type: 'string', enum: [...codes] } } },
          ],
        },
      },
    },
  };
}

/** Groups codes by the status they answer with, keeping their order. */
export function codesByStatus(codes: readonly ProblemCode[]): Map<number, ProblemCode[]> {
  const groups = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    const group = groups.get(status) ?? [];
    if (!group.includes(code)) groups.set(status, [...group, code]);
  }
  return groups;
}

/**
 * Documents the error answers of one operation. Use it once per handler with every code that is its own; what any
 * operation can answer with (validation, missing session, outage) is added when the document is built.
 */
export function ApiProblem(...codes: ProblemCode[]): MethodDecorator {
  const responses = [...codesByStatus(codes)].map(([status, group]) =>
    ApiResponse({ status, ...problemResponse(group) }),
  );
  return applyDecorators(...responses);
}
