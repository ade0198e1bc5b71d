import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiError } from '../api/api-error.js';
import { stepUp, StepUpCancelled, withStepUp } from './step-up.js';

const wanted = new ApiError('REAUTHENTICATION_REQUIRED', 403);

describe('An action that may need the password again', () => {
  afterEach(() => {
    stepUp.value = null;
  });

  function action() {
    const tried = { times: 0, isProven: false };
    const run = async () => {
      tried.times += 1;
      if (!tried.isProven) throw wanted;
      return 'done';
    };
    return { tried, run };
  }

  it('goes on by itself once the password was given', async () => {
    const { tried, run } = action();
    const result = withStepUp(run);
    await Promise.resolve();
    tried.isProven = true;
    stepUp.value?.done();
    await expect(result).resolves.toBe('done');
    expect([tried.times, stepUp.value]).toEqual([2, null]);
  });

  it('does not happen when it was not', async () => {
    const { tried, run } = action();
    const result = withStepUp(run);
    await Promise.resolve();
    stepUp.value?.cancel();
    await expect(result).rejects.toBeInstanceOf(StepUpCancelled);
    expect([tried.times, stepUp.value]).toEqual([1, null]);
  });

  it('asks once for two of them', async () => {
    const [one, other] = [action(), action()];
    const results = [withStepUp(one.run), withStepUp(other.run)];
    await Promise.resolve();
    one.tried.isProven = other.tried.isProven = true;
    stepUp.value?.done();
    await expect(Promise.all(results)).resolves.toEqual(['done', 'done']);
  });

  it('asks nothing for any other refusal', async () => {
    const refusal = new ApiError('FORBIDDEN', 403);
    await expect(withStepUp(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(stepUp.value).toBeNull();
  });
});
