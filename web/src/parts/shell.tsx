import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso';
import { leave } from '../state/session-actions.js';
import { isAdmin, who } from '../state/who.js';
import { ADMIN_LINKS, OWN_LINKS } from '../routes.js';
import { OutageBanner } from './banner.js';
import { ErrorAlert } from './alert.js';
import { Logo } from './icons.js';
import { StepUpDialog } from './step-up-dialog.js';
import { Toast } from './toast.js';
import { useAction } from './use-action.js';

/** What stands around every page. */
export function Shell({ children }: { children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <OutageBanner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer>Latchkey: revoked is revoked.</footer>
      <StepUpDialog />
      <Toast />
    </>
  );
}

function Header() {
  const leaving = useAction();
  if (who.value.is !== 'in')
    return (
      <header class="top">
        <Brand />
      </header>
    );
  const { user } = who.value;
  return (
    <header class="top">
      <Brand />
      <nav aria-label="Pages">
        <Links links={OWN_LINKS} />
        {isAdmin() && <Links links={ADMIN_LINKS} title="Admin" />}
      </nav>
      <div class="me">
        <span class="clip">{user.displayName ?? user.email}</span>
        <button type="button" disabled={leaving.busy} onClick={() => void leaving.run(leave)}>
          Log out
        </button>
      </div>
      <ErrorAlert error={leaving.error} />
    </header>
  );
}

function Brand() {
  return (
    <a class="brand" href="/console/">
      <Logo />
      Latchkey
    </a>
  );
}

function Links({ links, title }: { links: readonly { href: string; text: string }[]; title?: string }) {
  const { path } = useLocation();
  return (
    <ul aria-label={title}>
      {links.map(({ href, text }) => (
        <li key={href}>
          <a
            href={href}
            aria-current={path === href ? 'page' : path.startsWith(`${href}/`) ? 'true' : undefined}
          >
            {text}
          </a>
        </li>
      ))}
    </ul>
  );
}
