import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startApp, type TestApp } from '../support/app.js';
import { TestBrowser, type Visitor } from '../support/browser.js';
import { confirm, heading, logIn, untilSessions } from '../support/console-pages.js';
import { programMayOnly, startRedis, type TestRedis } from '../support/redis-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

jest.setTimeout(60_000);

describe('two browsers on two nodes', () => {
  let redis: TestRedis;
  let nodes: TestApp[];
  let browser: TestBrowser;
  const directory = temporaryDirectory('lk-two-nodes-');
  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
    const env = { CONSOLE: 'on', DATABASE_URL: `sqlite:${join(directory, 'users.db')}` };
    nodes = [await startApp({ env, redis }), await startApp({ env, redis })];
    await nodes[0]?.createUser({ email: 'nora@example.com' });
    await nodes[0]?.createUser({ email: 'root@example.com', roles: ['admin'] });
    browser = await TestBrowser.start();
  });
  afterEach(async () => expect(await browser.faultsOfAll()).toEqual([]));
  afterAll(async () => {
    await browser.stop();
    for (const node of nodes) await node.close();
    await redis.stop();
    await rm(directory, { recursive: true });
  });

  const visit = (node: number): Promise<Visitor> => browser.visit(nodes[node]?.url ?? '');

  it('see each other come, and one ends the other', async () => {
    const here = await visit(0);
    await logIn(here.page, 'nora@example.com');
    await untilSessions(here.page, 1);
    const there = await visit(1);
    await logIn(there.page, 'nora@example.com');
    await untilSessions(here.page, 2);
    await here.page.getByRole('button', { name: 'End all others' }).click();
    await confirm(here.page, 'End all others');
    await there.page.getByText('This session was ended from another of your devices.').waitFor();
    await untilSessions(here.page, 1);
  });

  it('are an admin’s and a person’s: the one revokes, the other is told', async () => {
    const person = await visit(0);
    await logIn(person.page, 'nora@example.com');
    const admin = await visit(1);
    await logIn(admin.page, 'root@example.com');
    await admin.page.getByRole('link', { name: 'People' }).click();
    await admin.page.getByRole('link', { name: 'nora@example.com' }).click();
    await admin.page.getByRole('button', { name: 'Revoke all' }).click();
    await confirm(admin.page, 'Revoke all');
    await person.page.getByText('An administrator has ended this session.').waitFor();
    await heading(person.page, 'Log in').waitFor();
    await admin.page.getByText('Logged in nowhere.').waitFor();
  });
});
