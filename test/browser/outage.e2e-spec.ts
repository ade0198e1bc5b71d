import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { accessibilityFaults } from '../support/axe.js';
import { TestBrowser } from '../support/browser.js';
import { programMayOnly, startRedis, type TestRedis } from '../support/redis-server.js';
import { heading, logIn, sessionRows, untilSessions } from '../support/console-pages.js';

jest.setTimeout(60_000);

describe('while Redis is away', () => {
  let redis: TestRedis;
  let app: TestApp;
  let browser: TestBrowser;
  beforeAll(async () => {
    // It comes back with what it had.
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
    redis = await startRedis([...programMayOnly(), ...durable], { mayBreak: true });
    app = await startApp({ env: { CONSOLE: 'on' }, redis });
    await app.createUser({ email: 'nora@example.com' });
    browser = await TestBrowser.start();
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    await app.close();
    await redis.stop();
  });

  it('the page says so, keeps the person logged in and what it showed, and goes on by itself', async () => {
    const { page } = await browser.visit(app.url);
    await logIn(page, 'nora@example.com');
    await untilSessions(page, 1);
    await redis.kill();
    await page.getByText('The server cannot reach its session store. You are still logged in').waitFor();
    expect(await sessionRows(page).count()).toBe(1);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Password', exact: true }).click();
    await heading(page, 'Password').waitFor();
    await redis.restart();
    await page.getByText('The connection is back.').waitFor();
    await page.getByText('Interrupted.').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'My sessions' }).click();
    await untilSessions(page, 1);
  });

  it('a page that is opened logs nobody out, and knows who is there when it is back', async () => {
    const visitor = await browser.visit(app.url);
    await logIn(visitor.page, 'nora@example.com');
    await redis.kill();
    await visitor.page.reload();
    await visitor.page.getByText('You are not logged out; this page goes on by itself.').waitFor();
    expect(await accessibilityFaults(visitor.page)).toEqual([]);
    await redis.restart();
    await heading(visitor.page, 'My sessions').waitFor();
  });
});
