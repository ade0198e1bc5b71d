import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';

import { startApp, type TestApp } from '../support/app.js';
import { TestBrowser } from '../support/browser.js';
import { logIn, untilSessions } from '../support/console-pages.js';
import { startTlsFront, type TlsFront } from '../support/tls-front.js';

jest.setTimeout(60_000);

/** All that a script on the page could take away. */
const REACHABLE = `JSON.stringify([
  document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, window.name, history.state,
  document.documentElement.outerHTML,
])`;

describe('what the browser keeps of a session', () => {
  let app: TestApp;
  let front: TlsFront | undefined;
  let browser: TestBrowser;
  beforeAll(async () => (browser = await TestBrowser.start()));
  afterEach(async () => {
    expect(await browser.faultsOfAll()).toEqual([]);
    await front?.close();
    front = undefined;
    await app.close();
  });
  afterAll(() => browser.stop());

  const expectOutOfReach = async (page: Page, secret: string): Promise<void> => {
    const reachable = await page.evaluate<string>(REACHABLE);
    expect(reachable).toContain('My sessions');
    expect(secret.length).toBeGreaterThan(40);
    for (const part of [secret, decodeURIComponent(secret), ...decodeURIComponent(secret).split(/[:.]/)])
      if (part.length > 8) expect(reachable).not.toContain(part);
    expect(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')).toEqual([
      '',
      0,
      0,
    ]);
  };

  it('is one cookie that no script can read, and nothing else', async () => {
    app = await startApp({ env: { CONSOLE: 'on' } });
    await app.createUser({ email: 'nora@example.com' });
    const { context, page } = await browser.visit(app.url);
    await logIn(page, 'nora@example.com');
    await untilSessions(page, 1);
    const cookie = (await context.cookies()).find(({ name }) => name === 'sid');
    expect(cookie).toMatchObject({
      domain: '127.0.0.1',
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: false,
    });
    await expectOutOfReach(page, cookie?.value ?? '');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You have logged out.').waitFor();
    expect((await context.cookies()).filter(({ name }) => name === 'sid')).toEqual([]);
  });

  it('is, behind TLS, one that only this host can have set and only TLS carries', async () => {
    front = await startTlsFront();
    app = await startApp({ env: { CONSOLE: 'on', PUBLIC_URL: front.url, TRUSTED_PROXIES: '127.0.0.1' } });
    front.leadTo(app.url);
    await app.createUser({ email: 'nora@example.com' });
    const { context, page } = await browser.visit(front.url, '/', { ignoreHTTPSErrors: true });
    const answered = page.waitForResponse((response) => response.url().endsWith('/auth/login'));
    await logIn(page, 'nora@example.com');
    await untilSessions(page, 1);
    const cookies = await context.cookies();
    const cookie = cookies.find(({ name }) => name === '__Host-sid');
    expect(cookie).toMatchObject({
      domain: '127.0.0.1',
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: true,
    });
    expect(
      cookies.every(({ name, httpOnly, secure }) => name.startsWith('__Host-') && httpOnly && secure),
    ).toBe(true);
    // The browser keeps the host as the domain either way.
    const set = (await (await answered).allHeaders())['set-cookie'] ?? '';
    expect(set).toContain('__Host-sid=');
    expect(set).not.toMatch(/domain=/i);
    await expectOutOfReach(page, cookie?.value ?? '');
  });
});
