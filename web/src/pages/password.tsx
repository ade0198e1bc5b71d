import { useSignal } from '@preact/signals';
import { fieldText } from '../api/error-text.js';
import { Alert, ErrorAlert } from '../parts/alert.js';
import { Field } from '../parts/field.js';
import { typed } from '../parts/form-text.js';
import { Page } from '../parts/page.js';
import { useAction } from '../parts/use-action.js';
import { changePassword } from '../state/session-actions.js';
import { who } from '../state/who.js';

/** Changes the password. */
export function PasswordPage() {
  const action = useAction();
  const done = useSignal(0);
  const email = who.value.is === 'in' ? who.value.user.email : '';

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const field = typed(event);
    const body = { currentPassword: field('currentPassword'), newPassword: field('newPassword') };
    const isChanged = await action.run(async () => {
      await changePassword(body);
      return 'Your password is changed.';
    });
    if (isChanged) done.value += 1;
  }

  return (
    <Page
      title="Password"
      lead="A new password ends all your other sessions at once. You stay logged in here."
    >
      <div class="panel narrow">
        {done.value > 0 && !action.error && (
          <Alert kind="good">Your password is changed. All your other sessions have ended.</Alert>
        )}
        <ErrorAlert error={action.error} />
        {/* A new form each time, so that no password stays in it. */}
        <form key={done.value} onSubmit={(event) => void submit(event)}>
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
            label="Current password"
            name="currentPassword"
            type="password"
            autocomplete="current-password"
            required
            error={fieldText(action.error, 'currentPassword')}
          />
          <Field
            label="New password"
            name="newPassword"
            type="password"
            autocomplete="new-password"
            required
            hint="Long beats complicated: four or five unrelated words are good."
            error={fieldText(action.error, 'newPassword')}
          />
          <button type="submit" class="primary" disabled={action.busy}>
            {action.busy ? 'Changing…' : 'Change password'}
          </button>
        </form>
      </div>
    </Page>
  );
}
