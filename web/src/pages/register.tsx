import { useSignal } from '@preact/signals';
import * as auth from '../api/auth.js';
import { isApiError } from '../api/api-error.js';
import { fieldText } from '../api/error-text.js';
import { Alert, ErrorAlert } from '../parts/alert.js';
import { Field } from '../parts/field.js';
import { typed } from '../parts/form-text.js';
import { useAction } from '../parts/use-action.js';
import { LOGIN } from '../routes.js';
import { enter } from '../state/session-actions.js';
import { FrontPage } from './front-page.js';

type Outcome = 'mailed' | 'closed' | null;

/** Makes an account, or asks for one where the owner of the e-mail has to confirm. */
export function RegisterPage() {
  const action = useAction();
  const outcome = useSignal<Outcome>(null);

  async function register(body: { email: string; password: string; displayName?: string }) {
    try {
      const answer = await auth.register(body);
      if (answer) await enter(async () => answer);
      else outcome.value = 'mailed';
    } catch (error) {
      if (!isApiError(error, 'REGISTRATION_CLOSED')) throw error;
      outcome.value = 'closed';
    }
  }

  function submit(event: SubmitEvent) {
    event.preventDefault();
    const field = typed(event);
    const displayName = field('displayName').trim();
    void action.run(() =>
      register({
        email: field('email'),
        password: field('password'),
        ...(displayName === '' ? {} : { displayName }),
      }),
    );
  }

  return (
    <FrontPage title="Create an account">
      {outcome.value === 'mailed' && (
        <Alert kind="good">
          A mail is on its way. Open its link on this device and confirm; it works for 24 hours.
        </Alert>
      )}
      {outcome.value === 'closed' && (
        <Alert kind="note">New accounts are made by an administrator here. Ask yours for one.</Alert>
      )}
      <ErrorAlert error={action.error} />
      {outcome.value === null && (
        <form onSubmit={submit}>
          <Field
            label="E-mail"
            name="email"
            type="email"
            autocomplete="username"
            required
            error={fieldText(action.error, 'email')}
          />
          <Field
            label="Name (optional)"
            name="displayName"
            autocomplete="name"
            maxLength={100}
            error={fieldText(action.error, 'displayName')}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            autocomplete="new-password"
            required
            hint="Long beats complicated: four or five unrelated words are good."
            error={fieldText(action.error, 'password')}
          />
          <button type="submit" class="primary wide" disabled={action.busy}>
            {action.busy ? 'Creating…' : 'Create account'}
          </button>
        </form>
      )}
      <p class="aside">
        Have an account? <a href={LOGIN}>Log in</a>
      </p>
    </FrontPage>
  );
}
