import type { Locator, Page } from 'playwright-core';

import { PASSWORD } from './app.js';

/** Fills in the form of the login page that is shown, and sends it. */
export async function fillLogin(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Logs in, and waits for the list of sessions. */
export async function logIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await fillLogin(page, email, password);
  await heading(page, 'My sessions').waitFor();
}

/** The heading of a page or of a dialog, once it is shown. */
export function heading(page: Page, name: string): Locator {
  return page.getByRole('heading', { name, exact: true });
}

/** The sessions that are listed, whatever is in their rows. */
export function sessionRows(page: Page): Locator {
  return page.getByRole('table').locator('tbody tr');
}

/** Waits until that many sessions are listed. */
export async function untilSessions(page: Page, count: number): Promise<void> {
  if (count > 0)
    await sessionRows(page)
      .nth(count - 1)
      .waitFor();
  await sessionRows(page).nth(count).waitFor({ state: 'detached' });
}

/** Says yes in the dialog that is shown. */
export async function confirm(page: Page, verb: string): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
}
