import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';

import { PASSWORD } from '../support/app.js';
import { type AdminApp, startAdminApp } from '../support/admin-app.js';
import { TestBrowser } from '../support/browser.js';
import { CookieClient } from '../support/clients.js';
import { heading, untilSessions } from '../support/console-pages.js';

jest.setTimeout(60_000);

const MARKUP = '<img src=x onerror=alert(1)><script>alert(2)</script>';
// What a browser's own form lets through is not the point: this account exists.
const EMAIL = '<img/src=x/onerror=alert(3)>@example.com';
// Neither browser nor system, so that the list shows it as it came.
const AGENT = `"><iframe srcdoc="<script>alert(4)</script>"></iframe>${MARKUP}`;

describe('markup in what others write', () => {
  let app: AdminApp;
  let browser: TestBrowser;
  let cookie: string;
  beforeAll(async () => {
    app = await startAdminApp({ env: { CONSOLE: 'on' } });
    browser = await TestBrowser.start();
    await app.createUser({ email: EMAIL, displayName: MARKUP });
    const client = new CookieClient(app.url);
    const headers = { 'user-agent': AGENT };
    const answer = await client.post('/auth/login', { email: EMAIL, password: PASSWORD }, { headers });
    expect(answer.status).toBe(200);
    // As whom no form of a browser would log in.
    cookie = (await client.cookie()) ?? '';
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    await app.close();
  });

  /** Elements that only the markup could have made. */
  const injected = (page: Page): Promise<number> =>
    page.locator('img, iframe, script:not([src]), svg[onload], i').count();

  it('is text in the list of one’s own sessions, and in one’s own name', async () => {
    const { context, page } = await browser.visit(app.url);
    await heading(page, 'Log in').waitFor();
    await context.addCookies([{ name: 'sid', value: cookie, url: app.url, httpOnly: true, sameSite: 'Lax' }]);
    await page.reload();
    await untilSessions(page, 1);
    await page.getByText(AGENT).waitFor();
    await page.getByText(MARKUP, { exact: true }).waitFor();
    await page
      .getByRole('button', { name: /^End: / })
      .first()
      .click();
    await page.getByRole('dialog').waitFor();
    expect(await injected(page)).toBe(0);
  });

  it('is text to an admin who looks for it, opens it and reads the trail', async () => {
    const { page } = await browser.visit(app.url, `/console/admin/people?query=${encodeURIComponent('<')}`);
    await logInAsAdmin(page);
    await page.getByText(MARKUP, { exact: true }).waitFor();
    expect(await injected(page)).toBe(0);
    await page.getByRole('link', { name: EMAIL, exact: true }).click();
    await heading(page, MARKUP).waitFor();
    await page.getByText(AGENT).first().waitFor();
    expect(await injected(page)).toBe(0);
    await page.getByRole('link', { name: 'Trail' }).click();
    await page.getByRole('table').waitFor();
    expect(await injected(page)).toBe(0);
  });

  it('in an address is shown by no page', async () => {
    const { page } = await browser.visit(
      app.url,
      `/console/${encodeURIComponent(MARKUP)}?query=${MARKUP}#${MARKUP}`,
    );
    await logInAsAdmin(page);
    await heading(page, 'Nothing here').waitFor();
    expect(await injected(page)).toBe(0);
  });

  async function logInAsAdmin(page: Page): Promise<void> {
    await page.getByLabel('E-mail').fill('root@example.com');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
  }
});
