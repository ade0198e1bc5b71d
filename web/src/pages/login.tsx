import { useSignal } from '@preact/signals';
import { isApiError } from '../api/api-error.js';
import * as auth from '../api/auth.js';
import { ENDED_TEXTS } from '../api/ended-text.js';
import { fieldText } from '../api/error-text.js';
import type { Session } from '../api/types.js';
import { Alert, ErrorAlert } from '../parts/alert.js';
import { Field } from '../parts/field.js';
import { typed } from '../parts/form-text.js';
import { useAction } from '../parts/use-action.js';
import { REGISTER } from '../routes.js';
import { enter } from '../state/session-actions.js';
import { endedBecause } from '../state/who.js';
import { FrontPage } from './front-page.js';
import { MakeRoom } from './make-room.js';

interface Asked {
  email: string;
  password: string;
}

/** Logs in; says why somebody was logged out. */
export function LoginPage() {
  const action = useAction();
  const full = useSignal<{ asked: Asked; sessions: Session[] } | null>(null);
  const reason = endedBecause.value;

  async function logIn(body: Asked & { revokeSessionId?: string }) {
    try {
      await enter(() => auth.logIn(body));
    } catch (error) {
      if (!isApiError(error, 'TOO_MANY_SESSIONS')) throw error;
      const { email, password } = body;
      full.value = { asked: { email, password }, sessions: error.problem.sessions ?? [] };
    }
  }

  function submit(event: SubmitEvent) {
    event.preventDefault();
    const field = typed(event);
    void action.run(() => logIn({ email: field('email'), password: field('password') }));
  }

  const { value: waiting } = full;
  return (
    <FrontPage title="Log in">
      {reason && !action.error && (
        <Alert kind={reason === 'logout' ? 'good' : 'warning'}>{ENDED_TEXTS[reason]}</Alert>
      )}
      <ErrorAlert error={action.error} />
      {waiting ? (
        <MakeRoom
          sessions={waiting.sessions}
          busy={action.busy}
          onChoose={({ id }) => void action.run(() => logIn({ ...waiting.asked, revokeSessionId: id }))}
          onBack={() => (full.value = null)}
        />
      ) : (
        <form onSubmit={submit}>
          <Field
            label="E-mail"
            name="email"
            type="email"
            autocomplete="username"
            required
            error={fieldText(action.error, 'email')}
          />
          <Field label="Password" name="password" type="password" autocomplete="current-password" required />
          <button type="submit" class="primary wide" disabled={action.busy}>
            {action.busy ? 'Logging in…' : 'Log in'}
          </button>
        </form>
      )}
      <p class="aside">
        New here? <a href={REGISTER}>Create an account</a>
      </p>
    </FrontPage>
  );
}
