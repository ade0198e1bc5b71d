import { Alert } from '../parts/alert.js';
import { Page } from '../parts/page.js';
import { HOME } from '../routes.js';
import { outage } from '../state/outage.js';

/** Before the server has said who is here. */
export function StartingPage() {
  if (outage.value === null)
    return (
      <p class="loading" role="status">
        One moment…
      </p>
    );
  return (
    <Page title="One moment">
      <Alert kind="warning">
        The server cannot say who you are right now. You are not logged out; this page goes on by itself.
      </Alert>
    </Page>
  );
}

/** There is no such page. */
export function NotFoundPage() {
  return (
    <Page title="Nothing here">
      <p>
        There is no page at this address. <a href={HOME}>To my sessions</a>
      </p>
    </Page>
  );
}

/** A page for admins, opened by somebody else. */
export function NotForYouPage() {
  return (
    <Page title="For administrators">
      <p>
        Your account may not use this page. <a href={HOME}>To my sessions</a>
      </p>
    </Page>
  );
}
