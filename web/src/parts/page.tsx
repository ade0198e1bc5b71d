import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

// The browser itself reads out the page that was opened; only later ones need our help.
let opened = false;

interface PageProps {
  title: string;
  /** Beside the heading: what can be done with all of the page. */
  actions?: ComponentChildren;
  /** One sentence under the heading. */
  lead?: ComponentChildren;
  children: ComponentChildren;
}

/** A page: its title in the window, its heading focused when it was reached by a link. */
export function Page({ title, actions, lead, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (opened) heading.current?.focus();
    opened = true;
  }, []);
  useEffect(() => {
    document.title = `${title} – Latchkey`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}
