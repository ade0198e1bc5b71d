import { describe, expect, it } from '@jest/globals';
import { toProblem } from '../problem/index.js';
import { withinDeadline } from './deadline.js';
import { DatabaseUnavailableError } from './database.errors.js';

describe('withinDeadline', () => {
  it('passes the answer on, and the error', async () => {
    await expect(withinDeadline(1_000, Promise.resolve('answer'))).resolves.toBe('answer');
    await expect(withinDeadline(1_000, Promise.reject(new Error('wrong')))).rejects.toThrow('wrong');
  });

  it('does not wait for an answer that never comes', async () => {
    await expect(withinDeadline(5, new Promise(() => undefined))).rejects.toBeInstanceOf(
      DatabaseUnavailableError,
    );
  });

  it('fails with what HTTP clients can act on', () => {
    const problem = toProblem(new DatabaseUnavailableError());
    expect(problem.body).toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 });
    expect(problem.headers).toEqual({ 'Retry-After': '1' });
  });
});
