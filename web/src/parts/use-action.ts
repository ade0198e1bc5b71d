import { useSignal } from '@preact/signals';
import { type ApiError, isApiError } from '../api/api-error.js';
import { announce } from '../state/announce.js';
import { StepUpCancelled } from '../state/step-up.js';

/** One thing at a time that a person has asked for. */
export interface Action {
  busy: boolean;
  /** Why the last one did not work. */
  error: ApiError | undefined;
  /**
   * Does it, unless something is under way.
   *
   * @returns whether it worked; what it says then is announced
   */
  run(act: () => Promise<string | void>): Promise<boolean>;
  clear(): void;
}

/** State of what a button or a form does. */
export function useAction(): Action {
  const busy = useSignal(false);
  const error = useSignal<ApiError | undefined>(undefined);
  return {
    busy: busy.value,
    error: error.value,
    clear: () => (error.value = undefined),
    run: async (act) => {
      if (busy.peek()) return false;
      busy.value = true;
      error.value = undefined;
      try {
        const said = await act();
        if (said) announce(said);
        return true;
      } catch (failure) {
        if (isApiError(failure)) error.value = failure;
        else if (!(failure instanceof StepUpCancelled)) throw failure;
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
