import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PASSWORD } from '../support/app.js';
import { type AdminApp, startAdminApp } from '../support/admin-app.js';
import { TestBrowser, type Visitor } from '../support/browser.js';
import { confirm, fillLogin, heading, logIn, untilSessions } from '../support/console-pages.js';

jest.setTimeout(60_000);

const REAUTH_WINDOW_MS = 1_000;
// As for a page that the browser kept when it was left; whether it keeps one is its own business.
const COMES_BACK = `for (const name of ['pagehide', 'pageshow'])
  dispatchEvent(new PageTransitionEvent(name, { persisted: true }));`;

describe('a browser that another person goes on with', () => {
  let app: AdminApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    app = await startAdminApp({ env: { CONSOLE: 'on', REAUTH_WINDOW: `${REAUTH_WINDOW_MS}ms` } });
    browser = await TestBrowser.start();
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    await app.close();
  });

  /** Somebody logs in past the page that is shown. */
  const logInElsewhere = async ({ context }: Visitor, email: string): Promise<void> => {
    const answer = await context.request.post('/auth/login', {
      data: { email, password: PASSWORD },
      headers: { origin: app.url },
    });
    expect(answer.status()).toBe(200);
  };

  it('does nothing as the next person that the one before has begun', async () => {
    await app.createUser({ email: 'ada@example.com' });
    await app.createUser({ email: 'bob@example.com', displayName: 'Bob' });
    const bobElsewhere = await browser.visit(app.url);
    await logIn(bobElsewhere.page, 'bob@example.com');
    const adaElsewhere = await browser.visit(app.url);
    await logIn(adaElsewhere.page, 'ada@example.com');
    const here = await browser.visit(app.url);
    await logIn(here.page, 'ada@example.com');
    await untilSessions(here.page, 2);
    // The window passes, so that the password is asked for.
    await here.page.waitForTimeout(REAUTH_WINDOW_MS + 100);
    await here.page.getByRole('button', { name: 'End all others' }).click();
    await confirm(here.page, 'End all others');
    await heading(here.page, 'Is it you?').waitFor();

    await logInElsewhere(here, 'bob@example.com');
    await here.page.getByRole('banner').getByText('Bob').waitFor();
    await heading(here.page, 'Is it you?').waitFor({ state: 'detached' });
    await untilSessions(here.page, 2);
    expect(await here.page.getByRole('dialog').count()).toBe(0);
    await untilSessions(bobElsewhere.page, 2);
  });

  it('shows nothing of before when it brings a page back, until it is known who is there', async () => {
    const { page, context } = await browser.visit(app.url, '/console/admin/people');
    await fillLogin(page, 'root@example.com');
    await page.getByRole('link', { name: 'root@example.com' }).waitFor();
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await context.route('**/auth/session', async (route) => {
      await held;
      await route.continue();
    });
    await page.evaluate(COMES_BACK);
    await page.getByText('One moment…').waitFor();
    expect(await page.locator('body').textContent()).not.toContain('root@example.com');
    answer();
    await page.getByRole('link', { name: 'root@example.com' }).waitFor();
  });
});
