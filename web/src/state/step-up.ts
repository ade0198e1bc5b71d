import { signal } from '@preact/signals';
import { isApiError } from '../api/api-error.js';
import { who } from './who.js';

/** The person did not want to give the password; the action has not happened. */
export class StepUpCancelled extends Error {
  constructor() {
    super('The password was not given.');
    this.name = 'StepUpCancelled';
  }
}

/** One question for the password, under way. */
export interface StepUp {
  /** Who was asked; null when nobody was logged in. */
  userId: string | null;
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
  dropOthersQuestion();
  if (stepUp.value) return stepUp.value.promise;
  const { promise, resolve, reject } = withResolvers();
  const close = (settle: () => void) => () => {
    stepUp.value = null;
    settle();
  };
  stepUp.value = {
    userId: whoIsIn(),
    promise,
    done: close(resolve),
    cancel: close(() => reject(new StepUpCancelled())),
  };
  return promise;
}

/** Cancels the question when whoever it was put to is not who is logged in: another tab may have logged in somebody else. */
export function dropOthersQuestion(): void {
  if (stepUp.value && stepUp.value.userId !== whoIsIn()) stepUp.value.cancel();
}

/**
 * Runs an action that may need the password again; when it does, asks for it and runs the action once more, as the person
 * who began it and nobody else.
 *
 * @throws StepUpCancelled when the password is not given, or somebody else is logged in by then; ApiError as the action does.
 */
export async function withStepUp<T>(action: () => Promise<T>): Promise<T> {
  const userId = whoIsIn();
  try {
    return await action();
  } catch (error) {
    if (!isApiError(error, 'REAUTHENTICATION_REQUIRED')) throw error;
    if (userId === whoIsIn()) await askPassword();
    if (userId !== whoIsIn()) throw new StepUpCancelled();
    return action();
  }
}

function whoIsIn(): string | null {
  return who.value.is === 'in' ? who.value.user.id : null;
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
