import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { accessibilityFaults } from '../support/axe.js';
import { TestBrowser } from '../support/browser.js';
import { confirm, heading, logIn, untilSessions } from '../support/console-pages.js';

jest.setTimeout(60_000);

const REAUTH_WINDOW_MS = 3_000;

describe('a session that gets older', () => {
  let browser: TestBrowser;
  let app: TestApp;
  beforeAll(async () => (browser = await TestBrowser.start()));
  afterEach(async () => {
    expect(await browser.faultsOfAll()).toEqual([]);
    await app.close();
  });
  afterAll(() => browser.stop());

  it('is asked for the password on the spot, and the action goes on by itself', async () => {
    app = await startApp({ env: { CONSOLE: 'on', REAUTH_WINDOW: `${REAUTH_WINDOW_MS / 1000}s` } });
    await app.createUser({ email: 'old@example.com' });
    const here = await browser.visit(app.url);
    await logIn(here.page, 'old@example.com');
    const other = await browser.visit(app.url);
    await logIn(other.page, 'old@example.com');
    await untilSessions(here.page, 2);
    // The window passes: that is what the test is about.
    await here.page.waitForTimeout(REAUTH_WINDOW_MS + 100);

    await here.page.getByRole('button', { name: 'End all others' }).click();
    await confirm(here.page, 'End all others');
    await heading(here.page, 'Is it you?').waitFor();
    expect(await accessibilityFaults(here.page)).toEqual([]);
    const password = here.page
      .getByRole('dialog', { name: 'Is it you?' })
      .getByLabel('Password', { exact: true });
    await password.fill('not the password');
    await password.press('Enter');
    await here.page.getByText('E-mail or password is wrong.').waitFor();
    await untilSessions(other.page, 2);
    await password.fill(PASSWORD);
    await password.press('Enter');
    await here.page.getByText('One session has ended.').waitFor();
    await heading(other.page, 'Log in').waitFor();
    await untilSessions(here.page, 1);
    expect(await here.page.getByRole('dialog').count()).toBe(0);
  });

  it('lets go of the action when the password is not given', async () => {
    app = await startApp({ env: { CONSOLE: 'on', REAUTH_WINDOW: '1s' } });
    await app.createUser({ email: 'old@example.com' });
    const here = await browser.visit(app.url);
    await logIn(here.page, 'old@example.com');
    const other = await browser.visit(app.url);
    await logIn(other.page, 'old@example.com');
    await untilSessions(here.page, 2);
    await here.page.waitForTimeout(1_100);
    await here.page.getByRole('button', { name: 'End all others' }).click();
    await confirm(here.page, 'End all others');
    await here.page
      .getByRole('dialog', { name: 'Is it you?' })
      .getByRole('button', { name: 'Cancel' })
      .click();
    await here.page.getByRole('dialog', { name: 'Is it you?' }).waitFor({ state: 'detached' });
    await other.page.reload();
    await untilSessions(other.page, 2);
  });

  it('ends at its time though the page is open, and the page says so', async () => {
    app = await startApp({ env: { CONSOLE: 'on', SESSION_WEB_IDLE: '5s', TOUCH_INTERVAL: '500ms' } });
    await app.createUser({ email: 'idle@example.com' });
    const { page } = await browser.visit(app.url);
    await logIn(page, 'idle@example.com');
    await page.getByText('You were logged out because your session reached its time limit.').waitFor();
  });
});
