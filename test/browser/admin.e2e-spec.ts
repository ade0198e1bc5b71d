import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';

import { PASSWORD } from '../support/app.js';
import { type AdminApp, startAdminApp } from '../support/admin-app.js';
import { TestBrowser, type Visitor } from '../support/browser.js';
import { CookieClient } from '../support/clients.js';
import { confirm, fillLogin, heading, logIn, sessionRows, untilSessions } from '../support/console-pages.js';

jest.setTimeout(60_000);

describe('an admin with a browser', () => {
  let app: AdminApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    app = await startAdminApp({ env: { CONSOLE: 'on' } });
    browser = await TestBrowser.start();
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    await app.close();
  });

  /** A person with a browser, and the admin with that person's page open. */
  const bothWith = async (email: string): Promise<{ person: Visitor; admin: Page }> => {
    await app.createUser({ email });
    const person = await browser.visit(app.url);
    await logIn(person.page, email);
    const { page } = await browser.visit(app.url);
    await logIn(page, 'root@example.com');
    await page.getByRole('link', { name: 'People' }).click();
    await page.getByLabel('E-mail or name').fill(email.slice(0, 6));
    await page.getByRole('link', { name: email }).click();
    await heading(page, email).waitFor();
    return { person, admin: page };
  };
  const live = (page: Page) => page.getByRole('region', { name: 'Live sessions' });
  const trail = (page: Page) => page.getByRole('region', { name: 'What happened' });

  it('finds a person, sees the sessions come by themselves, and revokes one', async () => {
    const { person, admin } = await bothWith('one.person@example.com');
    await live(admin).locator('tbody tr').first().waitFor();
    const other = new CookieClient(app.url);
    await other.post(
      '/auth/login',
      { email: 'one.person@example.com', password: PASSWORD },
      {
        headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
      },
    );
    await live(admin)
      .getByRole('button', { name: /^Revoke: Firefox 140 on Linux/ })
      .click();
    await confirm(admin, 'Revoke session');
    await admin.getByText('The session on Firefox 140 on Linux is revoked.').waitFor();
    expect((await other.get('/auth/session')).status).toBe(401);
    await untilSessions(person.page, 1);
    await trail(admin).getByText('Session revoked').first().waitFor();
  });

  it('revokes all of them: the person is told who did it', async () => {
    const { person, admin } = await bothWith('all.of.them@example.com');
    await admin.getByRole('button', { name: 'Revoke all' }).click();
    await confirm(admin, 'Revoke all');
    await admin.getByText('One session is revoked.').waitFor();
    await live(admin).getByText('Logged in nowhere.').waitFor();
    await person.page.getByText('An administrator has ended this session.').waitFor();
  });

  it('gives a role that holds at once, and disables the account', async () => {
    const { person, admin } = await bothWith('roles@example.com');
    await admin.getByLabel('Roles').fill('admin support');
    await admin.getByRole('button', { name: 'Save roles' }).click();
    await admin.getByText('The roles are saved.').waitFor();
    // The person sees the new pages, and opens them with the password: the session began as another's.
    await person.page.getByRole('link', { name: 'People' }).click();
    await person.page.getByRole('button', { name: 'Give password' }).click();
    const asked = person.page.getByRole('dialog', { name: 'Is it you?' });
    await asked.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await asked.getByRole('button', { name: 'Continue' }).click();
    await person.page.getByRole('link', { name: 'root@example.com' }).waitFor();

    await admin.getByRole('button', { name: 'Disable account' }).click();
    await confirm(admin, 'Disable account');
    await admin.getByText('The account is disabled.').waitFor();
    await admin.getByRole('button', { name: 'Enable account' }).waitFor();
    await person.page.getByText('This account has been disabled. Ask an administrator.').waitFor();
    await fillLogin(person.page, 'roles@example.com');
    await person.page.getByText('E-mail or password is wrong.').waitFor();
  });

  it('cannot take the last admin’s role away, and is told why', async () => {
    const { page } = await browser.visit(app.url);
    await logIn(page, 'root@example.com');
    await page.goto(`/console/admin/people/${app.adminId}`);
    await page.getByLabel('Roles').fill('');
    await page.getByRole('button', { name: 'Save roles' }).click();
    await page.getByText('There must be at least one administrator who is not disabled.').waitFor();
  });

  it('reads the trail as it is written, and of one kind only', async () => {
    const { page } = await browser.visit(app.url);
    await logIn(page, 'root@example.com');
    await page.getByRole('link', { name: 'Trail' }).click();
    await sessionRows(page).first().waitFor();
    const refused = page.getByRole('row').filter({ hasText: 'Login failed' });
    const before = await refused.count();
    await new CookieClient(app.url).post('/auth/login', { email: 'root@example.com', password: 'wrong' });
    await refused.nth(before).waitFor();
    await page.getByLabel('Event').selectOption({ label: 'Login failed' });
    await page.getByRole('row').filter({ hasText: 'Logged in' }).first().waitFor({ state: 'detached' });
    await untilSessions(page, before + 1);
    expect(new URL(page.url()).search).toBe('?type=login.failed');
    await page.getByRole('link', { name: 'Show all' }).click();
    await page.getByRole('row').filter({ hasText: 'Logged in' }).first().waitFor();
  });

  it('sees figures and plots change by themselves', async () => {
    const { page } = await browser.visit(app.url);
    await logIn(page, 'root@example.com');
    await page.getByRole('link', { name: 'Statistics' }).click();
    const tile = page.locator('.tiles div').filter({ hasText: 'Accounts' }).locator('dd');
    const before = Number(await tile.textContent());
    for (const name of ['Live sessions', 'Logins by outcome', 'Revocations'])
      await heading(page, name).waitFor();
    expect(await page.getByRole('img', { name: /^Logins: \d+ succeeded/ }).count()).toBe(1);
    const account = { email: 'figures@example.com', password: PASSWORD };
    expect((await new CookieClient(app.url).post('/auth/register', account)).status).toBe(201);
    await tile.filter({ hasText: String(before + 1) }).waitFor();
  });

  it('ends everybody’s sessions once the word is typed, and stays', async () => {
    const { person, admin } = await bothWith('everybody@example.com');
    await admin.getByRole('link', { name: 'Everybody' }).click();
    await admin.getByRole('button', { name: 'End everybody’s sessions…' }).click();
    const yes = admin.getByRole('dialog').getByRole('button', { name: 'End everybody’s sessions' });
    expect(await yes.isDisabled()).toBe(true);
    await admin.getByLabel('Type “everybody” to confirm').fill('everyb');
    expect(await yes.isDisabled()).toBe(true);
    await admin.getByLabel('Type “everybody” to confirm').fill('everybody');
    await yes.click();
    await admin.getByText(/^Done: \d+ sessions have ended/).waitFor();
    await person.page.getByText('An administrator has ended everybody’s sessions. Log in again.').waitFor();
    await admin.getByRole('link', { name: 'My sessions' }).click();
    await untilSessions(admin, 1);
  });

  it('is the only one who has these pages', async () => {
    await app.createUser({ email: 'plain@example.com' });
    const { page } = await browser.visit(app.url, '/console/admin/people');
    await fillLogin(page, 'plain@example.com');
    await heading(page, 'For administrators').waitFor();
    expect(await page.getByRole('link', { name: 'Trail' }).count()).toBe(0);
  });
});
