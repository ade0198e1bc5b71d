import type { ComponentChildren } from 'preact';
import { Page } from '../parts/page.js';

// Who starts the program to look at it finds it here; visitors of a real site need not read about terminals.
const IS_OWN_MACHINE = ['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname);

/** A page for somebody who is not logged in: what this is, and a form. */
export function FrontPage({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="front">
      <section class="card">
        <Page title={title}>{children}</Page>
      </section>
      <section class="about" aria-label="What this is">
        <p class="claim">Know where you are logged in. End what you do not know.</p>
        <dl>
          <dt>Every device, one list</dt>
          <dd>Browser, system, address, first and last seen. It changes while you look at it.</dd>
          <dt>Revoked is revoked</dt>
          <dd>A session that you end is refused everywhere before you see it disappear.</dd>
          <dt>For admins, too</dt>
          <dd>Find a person, end one session or all in two clicks, and read who did what.</dd>
        </dl>
        {IS_OWN_MACHINE && (
          <p class="hint">
            Just started Latchkey? Create an account, or log in as its first administrator: the start printed
            the e-mail and the password, or where to find it.
          </p>
        )}
      </section>
    </div>
  );
}
