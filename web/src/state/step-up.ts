import { signal } from '@preact/signals';
import { isApiError } from '../api/api-error.js';

/** The person did not want to give the password; the action has not happened. */
export class StepUpCancelled extends Error {
  constructor() {
    super('The password was not given.');
    this.name = 'StepUpCancelled';
  }
}

/** One question for the password, under way. */
export interface StepUp {
  promise: Promise<void>;
  done(): void;
  cancel(): void;
}

/** The question that `StepUpDialog` shows; null when there is none. */
export const stepUp = signal<StepUp | null>(null);

/**
 * Asks for the password, once for everybody who wants it.
 *
 * @throws StepUpCancelled when it is not given.
 */
export function askPassword(): Promise<void> {
  if (stepUp.value) return stepUp.value.promise;
  const { promise, resolve, reject } = withResolvers();
  const close = (settle: () => void) => () => {
    stepUp.value = null;
    settle();
  };
  stepUp.value = { promise, done: close(resolve), cancel: close(() => reject(new StepUpCancelled())) };
  return promise;
}

/**
 * Runs an action that may need the password again; when it does, asks for it and runs the action once more.
 *
 * @throws StepUpCancelled when the password is not given; ApiError as the action does.
 */
export async function withStepUp<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!isApiError(error, 'REAUTHENTICATION_REQUIRED')) throw error;
    await askPassword();
    return action();
  }
}

function withResolvers() {
  let resolve = () => {};
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<void>((keep, drop) => {
    resolve = keep;
    reject = drop;
  });
  return { promise, resolve, reject };
}
