import { signal } from '@preact/signals';

/** What screen readers are to say next; `AppShell` renders it in a live region. */
export const announcement = signal('');

/** Tells the result of something to people who do not see it change. The same words twice are said twice. */
export function announce(text: string): void {
  announcement.value = announcement.value === text ? `${text}\u00a0` : text;
}
