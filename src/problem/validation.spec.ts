import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { ProblemException } from './problem.exception.js';
import { parseInput, validationProblem } from './validation.js';

const Login = z.strictObject({
  email: z.email(),
  password: z.string().max(5),
  tags: z.array(z.string()).optional(),
});

function refusal(value: unknown): ProblemException {
  try {
    parseInput(Login, value);
  } catch (error) {
    if (error instanceof ProblemException) return error;
  }
  throw new Error('was not refused');
}

describe('parseInput', () => {
  it('returns what the schema makes of valid input', () => {
    expect(parseInput(z.object({ n: z.coerce.number() }), { n: '3' })).toEqual({ n: 3 });
  });

  it('names every place and never a value', () => {
    const { body } = refusal({ email: 'not-an-email', password: 'hunter2-hunter2', tags: ['a', 7] });
    expect(body).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect((body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual([
      'email',
      'password',
      'tags.1',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|not-an-email/);
  });

  it('reports each unknown field at its own place', () => {
    const { body } = refusal({ email: 'a@example.com', password: 'x', isAdmin: true, role: 'admin' });
    expect(body['errors']).toEqual([
      { path: 'isAdmin', message: 'Unknown field' },
      { path: 'role', message: 'Unknown field' },
    ]);
  });

  it('refuses a missing body with an empty path', () => {
    expect(refusal(undefined).body['errors']).toMatchObject([{ path: '' }]);
  });
});

describe('validationProblem', () => {
  it('cuts the list and its texts, which are as long as the client likes', () => {
    const issues = Array.from({ length: 500 }, (_, i) => ({
      message: 'm'.repeat(9999),
      path: ['p'.repeat(9999), { key: i }],
    }));
    const errors = validationProblem(issues).body['errors'] as { path: string; message: string }[];
    expect(errors).toHaveLength(20);
    expect(errors[0]?.path).toHaveLength(100);
    expect(errors[0]?.message).toHaveLength(300);
  });
});
