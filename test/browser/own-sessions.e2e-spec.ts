import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { TestBrowser } from '../support/browser.js';
import { confirm, fillLogin, heading, logIn, sessionRows, untilSessions } from '../support/console-pages.js';

jest.setTimeout(60_000);

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

describe('a person with a browser', () => {
  let app: TestApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    app = await startApp({ env: { CONSOLE: 'on' } });
    browser = await TestBrowser.start();
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    await app.close();
  });

  it('registers, is logged in, logs out, and logs in again', async () => {
    const { page } = await browser.visit(app.url, '/');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('E-mail').fill('new@example.com');
    await page.getByLabel('Name (optional)').fill('Nora New');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await heading(page, 'My sessions').waitFor();
    await page.getByText('Nora New').waitFor();
    await untilSessions(page, 1);
    expect(await sessionRows(page).first().textContent()).toMatch(/Chrome.*on.*This session.*127\.0\.0\.1/);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You have logged out.').waitFor();
    await logIn(page, 'new@example.com');
  });

  it('is told what is wrong with a registration, at the field', async () => {
    const { page } = await browser.visit(app.url, '/console/register');
    await page.getByLabel('E-mail').fill('weak@example.com');
    const password = page.getByLabel('Password', { exact: true });
    await password.fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText('Choose another password.').waitFor();
    expect(await password.getAttribute('aria-invalid')).toBe('true');
  });

  it('is told the same of a wrong password and of an unknown e-mail, and how long to wait after the fifth', async () => {
    await app.createUser({ email: 'guessed@example.com' });
    const { page } = await browser.visit(app.url);
    const alert = page.locator('main').getByRole('alert');
    await fillLogin(page, 'nobody@example.com', 'not the password');
    const unknown = await alert.textContent();
    for (let i = 0; i < 5; i++) {
      await fillLogin(page, 'guessed@example.com', `not the password ${i}`);
      await page.getByRole('button', { name: 'Log in', exact: true }).and(page.locator(':enabled')).waitFor();
      expect(await alert.textContent()).toBe(unknown);
    }
    expect(unknown).toBe('E-mail or password is wrong.');
    await fillLogin(page, 'guessed@example.com');
    await page.getByText('Too many attempts.').waitFor();
    expect(await alert.textContent()).toMatch(/Try again in (30|29|2\d) s/);
  });

  it('comes to the page that was asked for, once logged in', async () => {
    await app.createUser({ email: 'deep@example.com' });
    const { page } = await browser.visit(app.url, '/console/password');
    await heading(page, 'Log in').waitFor();
    await fillLogin(page, 'deep@example.com');
    await heading(page, 'Password').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/password');
    await page.reload();
    await heading(page, 'Password').waitFor();
  });

  it('sees another browser come and go, and ends it: that one is told why within a second', async () => {
    await app.createUser({ email: 'two@example.com' });
    const laptop = await browser.visit(app.url);
    await logIn(laptop.page, 'two@example.com');
    await untilSessions(laptop.page, 1);
    const phone = await browser.visit(app.url, '/console/', { userAgent: PHONE });
    await logIn(phone.page, 'two@example.com');
    await untilSessions(laptop.page, 2);
    await untilSessions(phone.page, 2);

    await laptop.page.getByRole('button', { name: /^End: .*Safari/ }).click();
    await phone.page.evaluate(WHEN_LOGGED_OUT);
    await laptop.page.evaluate(WHEN_DELETED);
    await confirm(laptop.page, 'End session');
    await phone.page.getByText('This session was ended from another of your devices.').waitFor();
    const shownAt = await phone.page.evaluate<number>('loggedOutAt');
    const answeredAt = await laptop.page.evaluate<number>('deletedAt');
    // A second is what is promised; the rest is for a machine on which the browser waits for its turn.
    expect(shownAt - answeredAt).toBeLessThan(1_000 + 2_000);
    await untilSessions(laptop.page, 1);
    await laptop.page.getByText(/^The session on .* has ended\.$/).waitFor();
  });

  it('ends all others at once', async () => {
    await app.createUser({ email: 'many@example.com' });
    const here = await browser.visit(app.url);
    await logIn(here.page, 'many@example.com');
    const others = [await browser.visit(app.url), await browser.visit(app.url)];
    for (const { page } of others) await logIn(page, 'many@example.com');
    await untilSessions(here.page, 3);
    await here.page.getByRole('button', { name: 'End all others' }).click();
    await confirm(here.page, 'End all others');
    await here.page.getByText('2 sessions have ended.').waitFor();
    for (const { page } of others) await heading(page, 'Log in').waitFor();
    await untilSessions(here.page, 1);
  });

  it('is logged out in every tab at once', async () => {
    await app.createUser({ email: 'tabs@example.com' });
    const visitor = await browser.visit(app.url);
    await logIn(visitor.page, 'tabs@example.com');
    const other = await visitor.tab();
    await other.goto('/console/password');
    await heading(other, 'Password').waitFor();
    await visitor.page.getByRole('button', { name: 'Log out' }).click();
    await heading(visitor.page, 'Log in').waitFor();
    await heading(other, 'Log in').waitFor();
    // And in again.
    await fillLogin(other, 'tabs@example.com');
    await other.getByRole('button', { name: 'Log out' }).waitFor();
    await heading(visitor.page, 'My sessions').waitFor();
  });

  it('changes the password: this browser stays, the other falls out and needs the new one', async () => {
    const account = { email: 'change@example.com', next: 'ten large goats under a bridge' };
    await app.createUser({ email: account.email });
    const here = await browser.visit(app.url);
    await logIn(here.page, account.email);
    const there = await browser.visit(app.url);
    await logIn(there.page, account.email);
    await here.page.getByRole('link', { name: 'Password', exact: true }).click();
    await here.page.getByLabel('Current password', { exact: true }).fill(PASSWORD);
    await here.page.getByLabel('New password', { exact: true }).fill(account.next);
    await here.page.getByRole('button', { name: 'Change password' }).click();
    await here.page.getByText('Your password is changed. All your other sessions have ended.').waitFor();
    await there.page.getByText(/^Your password was changed, which ended this session/).waitFor();
    await logIn(there.page, account.email, account.next);
    await here.page.getByRole('link', { name: 'My sessions' }).click();
    await untilSessions(here.page, 2);
  });
});

// Times of the pages themselves, of one clock: what the test does in between is not measured.
const WHEN_LOGGED_OUT = `new MutationObserver(() => {
  if (document.body.textContent.includes('was ended from another')) globalThis.loggedOutAt ??= Date.now();
}).observe(document.body, { childList: true, subtree: true, characterData: true })`;
const WHEN_DELETED = `new PerformanceObserver((list) => {
  for (const { name, responseEnd } of list.getEntries())
    if (name.includes('/auth/sessions/')) globalThis.deletedAt = performance.timeOrigin + responseEnd;
}).observe({ type: 'resource' })`;
