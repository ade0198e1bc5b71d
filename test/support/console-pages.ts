import type { Locator, Page } from 'playwright-core';

import { PASSWORD } from './app.js';

// What a page says of a 503.
const BUSY = /try again in a moment/i;

/** Fills in the form of the login page that is shown, and sends it. */
export async function fillLogin(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Logs in, and waits for the list of sessions. Tries again where a machine is too busy to do it in time. */
export async function logIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  const arrived = heading(page, 'My sessions');
  await fillLogin(page, email, password);
  await arrived.or(page.getByText(BUSY)).first().waitFor();
  for (let left = 5; left > 0 && !(await arrived.isVisible()); left -= 1) {
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText(BUSY).waitFor({ state: 'detached' });
    await arrived.or(page.getByText(BUSY)).first().waitFor();
  }
  await arrived.waitFor();
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
