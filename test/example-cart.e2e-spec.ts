import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { CookieClient } from './support/clients.js';
import { EXAMPLE_TIMEOUT_MS, type RunningExample, startExample } from './support/example.js';

const ACCOUNT = { email: 'ada@example.com', password: 'correct horse battery staple' };
const ADDS = 50;

describe('the example cart', () => {
  let shop: RunningExample;

  beforeAll(async () => {
    shop = await startExample('cart');
    await shop.line(/^The shop is at /);
  }, EXAMPLE_TIMEOUT_MS);

  afterAll(async () => {
    expect(await shop.stop()).toEqual({ code: 0, left: [] });
  });

  // Two tabs of one browser: the same cookies, requests of their own.
  const visitor = async () => {
    const browser = new CookieClient(shop.url);
    const add = (article: string) => browser.post('/cart/items', { article });
    expect((await add('tea')).status).toBe(200);
    return { browser, add, cart: async () => (await browser.get('/cart')).body };
  };

  it('keeps each of 50 articles that two tabs add at the same time', async () => {
    const { add, cart } = await visitor();
    const answers = await Promise.all(
      Array.from({ length: ADDS }, (_, i) => add(i % 2 === 0 ? 'tea' : 'coffee')),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(ADDS).fill(200));
    expect(await cart()).toEqual({ customer: null, cart: { tea: 26, coffee: 25 } });
  });

  it('keeps the cart through a login, under a new session id', async () => {
    const { browser, add, cart } = await visitor();
    await browser.post('/auth/register', ACCOUNT);
    await browser.post('/auth/logout');
    expect(await cart()).toEqual({ customer: null, cart: {} });
    await add('coffee');
    const anonymous = await browser.cookie();
    expect((await browser.post('/auth/login', ACCOUNT)).status).toBe(200);
    expect(await browser.cookie()).not.toBe(anonymous);
    expect(await cart()).toEqual({ customer: ACCOUNT.email, cart: { coffee: 1 } });
    await add('coffee');
    expect(await cart()).toEqual({ customer: ACCOUNT.email, cart: { coffee: 2 } });
  });

  it('loses nothing that was acknowledged, and not the login either, when adds and a login cross', async () => {
    const { browser, add, cart } = await visitor();
    let acknowledged = 0;
    // A request that the login overtook is repeated, as the answer says, with the cookie that the browser has by then.
    const tab = async () => {
      for (let added = 0; added < ADDS / 2;) {
        const { status, body } = await add('milk');
        if (status === 200) {
          acknowledged += 1;
          added += 1;
        } else expect([status, body.code]).toEqual([409, 'SESSION_MOVED']);
      }
    };
    const tabs = [tab(), tab()];
    const account = { ...ACCOUNT, email: 'grace@example.com' };
    expect((await browser.post('/auth/register', account)).status).toBe(201);
    await Promise.all(tabs);
    expect(await cart()).toEqual({ customer: account.email, cart: { tea: 1, milk: acknowledged } });
  });
});
