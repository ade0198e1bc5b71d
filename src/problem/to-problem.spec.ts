import { describe, expect, it } from '@jest/globals';
import { BadRequestException, ForbiddenException, HttpException, NotFoundException } from '@nestjs/common';

import { PROBLEMS, problemType, type ProblemCode } from './problem.catalogue.js';
import { ProblemException } from './problem.exception.js';
import { toProblem } from './to-problem.js';

describe('PROBLEMS', () => {
  it('gives every code a status of its own kind, a title and a detail', () => {
    for (const [code, { status, title, detail }] of Object.entries(PROBLEMS)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).not.toBe('');
      expect(detail).toMatch(/\.$/);
      expect(problemType(code as ProblemCode)).toMatch(/^urn:latchkey:problem:[a-z]+(-[a-z]+)*$/);
    }
  });
});

describe('ProblemException', () => {
  it('is an HttpException whose response is the problem, for hosts without the filter', () => {
    const problem = new ProblemException('EMAIL_TAKEN');
    expect(problem).toBeInstanceOf(HttpException);
    expect(problem.getStatus()).toBe(409);
    expect(problem.errorCode).toBe('EMAIL_TAKEN');
    expect(problem.getResponse()).toEqual({
      type: 'urn:latchkey:problem:email-taken',
      title: 'E-mail taken',
      status: 409,
      detail: 'There is already an account with this e-mail.',
      code: 'EMAIL_TAKEN',
    });
  });

  it('keeps the standard members when an extension has the name of one', () => {
    const problem = new ProblemException('FORBIDDEN', { extensions: { status: 200, code: 'OK', hint: 'x' } });
    expect(problem.body).toMatchObject({ status: 403, code: 'FORBIDDEN', hint: 'x' });
  });

  it('rounds Retry-After up to whole seconds, at least one', () => {
    expect(new ProblemException('TOO_MANY_ATTEMPTS', { retryAfterSeconds: 29.2 }).headers).toEqual({
      'Retry-After': '30',
    });
    expect(new ProblemException('LOGIN_BUSY', { retryAfterSeconds: 0 }).headers).toEqual({
      'Retry-After': '1',
    });
  });
});

describe('toProblem', () => {
  const httpError = (status: number, members: object = {}): Error =>
    Object.assign(new Error('quotes the request'), { status, statusCode: status, expose: true, ...members });

  it('takes a problem, and an error that knows its problem, as it is', () => {
    const problem = new ProblemException('SESSION_ENDED');
    class GoneError extends Error {
      toProblem(): ProblemException {
        return problem;
      }
    }
    expect(toProblem(problem)).toBe(problem);
    expect(toProblem(new GoneError())).toBe(problem);
  });

  it.each<[string, unknown, ProblemCode]>([
    ['a malformed body', httpError(400, { type: 'entity.parse.failed' }), 'MALFORMED_JSON'],
    [
      'a malformed body as Nest wraps it',
      new BadRequestException('x', { cause: httpError(400, { type: 'entity.parse.failed' }) }),
      'MALFORMED_JSON',
    ],
    ['a body over the limit', httpError(413, { type: 'entity.too.large' }), 'BODY_TOO_LARGE'],
    [
      'a charset that is not UTF-8',
      httpError(415, { type: 'charset.unsupported' }),
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a path that cannot be decoded', Object.assign(new URIError('x'), { status: 400 }), 'BAD_REQUEST'],
    ['a guard that returned false', new ForbiddenException(), 'FORBIDDEN'],
    ['an address without a route', new NotFoundException(), 'NOT_FOUND'],
    ['a 4xx without a code here', new HttpException('teapot', 418), 'BAD_REQUEST'],
    ['a 5xx of a framework', new HttpException('gateway', 502), 'INTERNAL_ERROR'],
    ['a plain error', new Error('boom'), 'INTERNAL_ERROR'],
    [
      "the status of somebody else's answer",
      Object.assign(new Error('x'), { status: 404 }),
      'INTERNAL_ERROR',
    ],
    ['something that is no error', 'boom', 'INTERNAL_ERROR'],
    ['undefined', undefined, 'INTERNAL_ERROR'],
  ])('answers %s', (_, error, code) => {
    expect(toProblem(error).errorCode).toBe(code);
  });

  it('sends nothing of the text of a foreign error', () => {
    for (const error of [new Error('secret'), httpError(400), new BadRequestException('secret')]) {
      expect(JSON.stringify(toProblem(error).body)).not.toMatch(/secret|quotes/);
    }
  });
});
