import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

import { PASSWORD } from '../support/app.js';
import { type AdminApp, startAdminApp } from '../support/admin-app.js';
import { accessibilityFaults } from '../support/axe.js';
import { TestBrowser } from '../support/browser.js';
import { heading, logIn, untilSessions } from '../support/console-pages.js';

jest.setTimeout(120_000);

const PHONE = { width: 320, height: 640 };
const FRONT_PAGES: [path: string, title: string][] = [
  ['/console/login', 'Log in'],
  ['/console/register', 'Create an account'],
  ['/console/confirm', 'Confirm your account'],
];
const PAGES: [path: string, title: string][] = [
  ['/console/sessions', 'My sessions'],
  ['/console/password', 'Password'],
  ['/console/admin/people', 'People'],
  ['/console/admin/trail', 'Trail'],
  ['/console/admin/stats', 'Statistics'],
  ['/console/admin/everybody', 'Everybody'],
  ['/console/nowhere', 'Nothing here'],
];

describe('the console', () => {
  let app: AdminApp;
  let browser: TestBrowser;
  let person: string;
  beforeAll(async () => {
    app = await startAdminApp({ env: { CONSOLE: 'on' } });
    browser = await TestBrowser.start();
    const name = 'Wilhelmina Featherstonehaugh-Cholmondeley of Somewhere';
    person = (
      await app.person('a-rather-long-name@subdomain.example.com', { displayName: name, sessions: 2 })
    ).id;
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    await app.close();
  });

  const open = async (page: Page, path: string, title: string): Promise<void> => {
    await page.goto(path);
    await heading(page, title).first().waitFor();
    await page.locator('.loading').first().waitFor({ state: 'detached' });
  };

  it('has no fault that axe-core knows, on any page for those who are not logged in', async () => {
    const { page } = await browser.visit(app.url);
    for (const [path, title] of FRONT_PAGES) {
      await open(page, path, title);
      expect([path, await accessibilityFaults(page)]).toEqual([path, []]);
    }
  });

  it('has none on any page for those who are, and in no dialog', async () => {
    const { page } = await browser.visit(app.url);
    await logIn(page, 'root@example.com');
    for (const [path, title] of [...PAGES, personPage()]) {
      await open(page, path, title);
      expect([path, await accessibilityFaults(page)]).toEqual([path, []]);
      for (const button of DIALOGS[title] ?? []) {
        await page.getByRole('button', { name: button }).first().click();
        await page.getByRole('dialog').waitFor();
        expect([button, await accessibilityFaults(page)]).toEqual([button, []]);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
    }
  });

  it('fits a screen of 320 pixels without scrolling sideways', async () => {
    const { page } = await browser.visit(app.url, '/console/', { viewport: PHONE });
    const tooWide = async (): Promise<number> =>
      page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    for (const [path, title] of FRONT_PAGES) {
      await open(page, path, title);
      expect([path, await tooWide()]).toEqual([path, 0]);
    }
    await open(page, '/console/login', 'Log in');
    await logIn(page, 'root@example.com');
    for (const [path, title] of [...PAGES, personPage()]) {
      await open(page, path, title);
      expect([path, await tooWide()]).toEqual([path, 0]);
    }
  });

  it('can be used by keyboard alone: log in, end a session, log out', async () => {
    await app.createUser({ email: 'keys@example.com' });
    const other = await browser.visit(app.url);
    await logIn(other.page, 'keys@example.com');
    const { page } = await browser.visit(app.url);
    await heading(page, 'Log in').waitFor();
    await tabTo(page, page.getByLabel('E-mail'));
    await page.keyboard.type('keys@example.com');
    await tabTo(page, page.getByLabel('Password', { exact: true }));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await heading(page, 'My sessions').waitFor();
    await untilSessions(page, 2);
    const mine = page.getByRole('row').filter({ hasText: 'Chrome' }).filter({ hasNotText: 'This session' });
    await tabTo(page, mine.getByRole('button', { name: /^End: / }));
    await page.keyboard.press('Enter');
    const yes = page.getByRole('dialog').getByRole('button', { name: 'End session' });
    await yes.waitFor();
    if ((await focused(page, yes)) === false) await tabTo(page, yes);
    await page.keyboard.press('Enter');
    await heading(other.page, 'Log in').waitFor();
    await untilSessions(page, 1);
    await tabTo(page, page.getByRole('button', { name: 'Log out' }));
    await page.keyboard.press('Enter');
    await page.getByText('You have logged out.').waitFor();
  });

  const personPage = (): [string, string] => [
    `/console/admin/people/${person}`,
    'Wilhelmina Featherstonehaugh-Cholmondeley of Somewhere',
  ];
});

const DIALOGS: Record<string, (string | RegExp)[]> = {
  'My sessions': [/^End: /],
  Everybody: ['End everybody’s sessions…'],
  'Wilhelmina Featherstonehaugh-Cholmondeley of Somewhere': [/^Revoke: /, 'Revoke all', 'Disable account'],
};

const focused = async (page: Page, target: Locator): Promise<boolean> =>
  (await target.and(page.locator(':focus')).count()) > 0;

/** Goes on to something with the Tab key, as far as it takes. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await focused(page, target)) return;
  }
  throw new Error(`The Tab key does not lead to ${String(target)}.`);
}
