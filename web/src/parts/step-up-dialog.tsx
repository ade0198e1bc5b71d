import { fieldText } from '../api/error-text.js';
import { isApiError } from '../api/api-error.js';
import { stepUp } from '../state/step-up.js';
import { stepUpWith } from '../state/session-actions.js';
import { setLoggedOut, who } from '../state/who.js';
import { ErrorAlert } from './alert.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';
import { typed } from './form-text.js';
import { useAction } from './use-action.js';

/** Asks for the password where an action needs it; the action goes on by itself. */
export function StepUpDialog() {
  const question = stepUp.value;
  return question && who.value.is === 'in' ? <StepUpForm email={who.value.user.email} /> : null;
}

function StepUpForm({ email }: { email: string }) {
  const action = useAction();
  const cancel = () => stepUp.value?.cancel();

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const field = typed(event);
    const isProven = await action.run(() => proveWith(field('password')));
    if (isProven) stepUp.value?.done();
  }

  return (
    <Dialog title="Is it you?" onClose={cancel}>
      <form onSubmit={(event) => void submit(event)}>
        <p>You logged in a while ago. Give your password to go on; you stay logged in here.</p>
        <input
          class="visually-hidden"
          type="email"
          name="email"
          autocomplete="username"
          value={email}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          error={fieldText(action.error, 'password')}
        />
        <ErrorAlert error={action.error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={action.busy}>
            Continue
          </button>
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

async function proveWith(password: string): Promise<void> {
  try {
    await stepUpWith(password);
  } catch (error) {
    // The fifth wrong password has ended the session.
    if (isApiError(error, 'SESSION_ENDED')) {
      stepUp.value?.cancel();
      setLoggedOut('failed-reauthentication');
    }
    throw error;
  }
}
