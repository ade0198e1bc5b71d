import { useLocation } from 'preact-iso';
import * as auth from '../api/auth.js';
import { Alert, ErrorAlert } from '../parts/alert.js';
import { useAction } from '../parts/use-action.js';
import { HOME, REGISTER } from '../routes.js';
import { enter } from '../state/session-actions.js';
import { FrontPage } from './front-page.js';

/** Where the link of a registration's mail leads. Nothing happens before the button: mail scanners open links, too. */
export function ConfirmPage() {
  const action = useAction();
  const { route } = useLocation();
  const token = new URLSearchParams(location.hash.slice(1)).get('token');

  async function confirm(given: string) {
    if (await action.run(() => enter(() => auth.confirmRegistration(given)))) route(HOME, true);
  }

  return (
    <FrontPage title="Confirm your account">
      <ErrorAlert error={action.error} />
      {token ? (
        <>
          <p>Confirm only if you asked for this account yourself.</p>
          <button
            type="button"
            class="primary wide"
            disabled={action.busy}
            onClick={() => void confirm(token)}
          >
            Confirm and log in
          </button>
        </>
      ) : (
        <Alert kind="warning">This link is not whole. Copy it from the mail again.</Alert>
      )}
      <p class="aside">
        <a href={REGISTER}>Register again</a>
      </p>
    </FrontPage>
  );
}
