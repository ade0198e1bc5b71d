// npm run screenshots: the pictures of docs/images/console. Not one of the tests: it checks nothing, it draws.
import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

import { startApp, type TestApp } from '../support/app.js';
import { TestBrowser, type VisitOptions } from '../support/browser.js';
import { heading } from '../support/console-pages.js';
import { ANSWERS, NOW, PERSON_PATH } from '../support/console-story.js';

jest.setTimeout(60_000);

const IMAGES = fileURLToPath(new URL('../../docs/images/console/', import.meta.url));
const DESK = { viewport: { width: 1080, height: 640 }, colorScheme: 'light' as const };
const NIGHT = { ...DESK, colorScheme: 'dark' as const };
const PHONE = { viewport: { width: 360, height: 720 }, colorScheme: 'light' as const };
const OUTAGE = {
  ...{ type: 'about:blank', title: 'Service Unavailable', status: 503, code: 'SESSION_STORE_UNAVAILABLE' },
  detail: 'Sessions cannot be reached.',
};

describe('pictures of the console', () => {
  let app: TestApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    app = await startApp({ env: { CONSOLE: 'on' } });
    browser = await TestBrowser.start();
  });
  afterAll(async () => {
    await browser.stop();
    await app.close();
  });

  /** Opens a page whose answers are those of the story, and saves what it looks like. */
  const draw = async (
    name: string,
    path: string,
    title: string,
    options: VisitOptions,
    act: (page: Page) => Promise<unknown> = () => Promise.resolve(),
    isIn = true,
  ): Promise<void> => {
    const visitor = await browser.visit(app.url, '/console/favicon.svg', {
      reducedMotion: 'reduce',
      ...options,
    });
    const { context, page } = visitor;
    await page.clock.setFixedTime(NOW);
    await context.route(/\/(auth|admin)\//, async (route) => {
      const { pathname } = new URL(route.request().url());
      // A stream stays open and says nothing.
      if (pathname === '/auth/events' || pathname === '/admin/live') return;
      const answer = isIn ? ANSWERS[pathname] : undefined;
      if (answer === undefined) await route.continue();
      else await route.fulfill({ json: answer });
    });
    await page.goto(path);
    await heading(page, title).first().waitFor();
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await act(page);
    // Nothing looks pointed at, and what fades in has.
    await page.mouse.move(0, 0);
    await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))');
    await page.screenshot({ path: `${IMAGES}${name}.png`, animations: 'disabled', caret: 'hide' });
    await browser.faultsOfAll();
  };

  it.each<[string, VisitOptions]>([
    ['sessions', DESK],
    ['sessions-dark', NIGHT],
    ['sessions-phone', PHONE],
  ])('%s', (name, options) => draw(name, '/console/sessions', 'My sessions', options));

  it('login', () => draw('login', '/console/login', 'Log in', DESK, undefined, false));
  it('people', () => draw('people', '/console/admin/people', 'People', DESK));
  it('trail', () =>
    draw('trail', '/console/admin/trail', 'Trail', DESK, (page) =>
      // Whose account it was is looked up afterwards.
      page.getByRole('link', { name: 'nora@example.com' }).first().waitFor(),
    ));
  it('statistics', () =>
    draw('statistics', '/console/admin/stats', 'Statistics', {
      ...NIGHT,
      viewport: { width: 1080, height: 740 },
    }));
  it('person', () =>
    draw('person', PERSON_PATH, 'Idris Okafor', { ...DESK, viewport: { width: 1080, height: 900 } }));
  it('revoke', () =>
    draw('revoke', PERSON_PATH, 'Idris Okafor', DESK, async (page) => {
      await page.getByRole('button', { name: 'Revoke all' }).click();
      await page.getByRole('dialog').waitFor();
    }));
  it('outage', () =>
    draw('outage', '/console/sessions', 'My sessions', DESK, async (page) => {
      await page.route(/\/(auth|admin|health)\//, (route) => route.fulfill({ status: 503, json: OUTAGE }));
      await page.getByRole('button', { name: /^End: Chrome/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
      await page.getByText('Interrupted.').waitFor();
      await page.keyboard.press('Escape');
      await page.getByText('As it was before the interruption.').waitFor();
    }));
});
