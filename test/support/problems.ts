import { expect } from '@jest/globals';
import { PROBLEMS, type ProblemCode } from '../../src/problem/index.js';
import type { Answer } from './clients.js';
import type { RawAnswer } from './raw-http.js';

/** Asserts that an answer is this problem, whole: status, headers, every member that the contract names. */
export function expectProblem(answer: Answer | RawAnswer, code: ProblemCode): void {
  const { status, title } = PROBLEMS[code];
  const body = (typeof answer.body === 'string' ? parsed(answer.body) : answer.body) as Record<
    string,
    unknown
  >;
  const header = (name: string) => [answer.headers.get(name) ?? []].flat().join(', ');
  expect({ status: answer.status, code: body['code'] }).toEqual({ status, code });
  expect(header('content-type')).toBe('application/problem+json');
  expect(header('cache-control')).toBe('no-store');
  expect(header('set-cookie')).toBe('');
  expect(body).toEqual({
    type: `urn:latchkey:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: expect.any(String),
    code,
    requestId: header('x-request-id'),
    ...(code === 'VALIDATION_FAILED' && { errors: expect.any(Array) }),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { code: `not JSON: ${text.slice(0, 200)}` };
  }
}
