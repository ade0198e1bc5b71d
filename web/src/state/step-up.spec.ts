import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiError } from '../api/api-error.js';
import type { LoggedIn } from '../api/types.js';
import { askPassword, dropOthersQuestion, stepUp, StepUpCancelled, withStepUp } from './step-up.js';
import { setLoggedIn, who } from './who.js';

const wanted = new ApiError('REAUTHENTICATION_REQUIRED', 403);

describe('An action that may need the password again', () => {
  const logIn = (id: string) => setLoggedIn({ user: { id }, session: { id: '1' } } as unknown as LoggedIn);

  afterEach(() => {
    stepUp.value = null;
    who.value = { is: 'asking' };
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

  it('does not happen as somebody else who has logged in while the password was asked for', async () => {
    logIn('ada');
    const { tried, run } = action();
    const result = withStepUp(run);
    await Promise.resolve();
    const question = stepUp.value;
    logIn('bob');
    tried.isProven = true;
    question?.done();
    await expect(result).rejects.toBeInstanceOf(StepUpCancelled);
    expect(tried.times).toBe(1);
  });

  it('is not asked about when somebody else is there by the time of the refusal', async () => {
    logIn('ada');
    const result = withStepUp(() => {
      logIn('bob');
      return Promise.reject(wanted);
    });
    await expect(result).rejects.toBeInstanceOf(StepUpCancelled);
    expect(stepUp.value).toBeNull();
  });

  it('is let go of with its question when the next person comes, who is asked anew', async () => {
    logIn('ada');
    const ofAda = askPassword();
    dropOthersQuestion();
    expect(stepUp.value).not.toBeNull();
    logIn('bob');
    const ofBob = askPassword();
    await expect(ofAda).rejects.toBeInstanceOf(StepUpCancelled);
    expect(stepUp.value?.userId).toBe('bob');
    stepUp.value?.done();
    await ofBob;
    expect(stepUp.value).toBeNull();
  });

  it('asks nothing for any other refusal', async () => {
    const refusal = new ApiError('FORBIDDEN', 403);
    await expect(withStepUp(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(stepUp.value).toBeNull();
  });
});
