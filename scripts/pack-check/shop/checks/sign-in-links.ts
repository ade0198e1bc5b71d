import assert from 'node:assert/strict';
import { SessionService } from 'latchkey';
import { Customers } from '../customers.js';
import { SignInLinks } from '../sign-in-links.js';
import { Client } from './client.js';
import { register, type Shop } from './shop.js';

/** A second strategy of Passport beside e-mail and password. */
export async function checkSignInLinks(shop: Shop): Promise<void> {
  const links = shop.app.get(SignInLinks);
  const { browser, customer } = await register(shop, 'grace@example.com');

  const token = links.issue(customer.id);
  const phone = new Client(shop.url);
  await phone.logIn('/sign-in-link/open', { token });
  assert.deepEqual(await phone.expect(200, 'GET', '/shop/me'), {
    email: customer.email,
    plan: 'free',
    same: true,
  });
  await new Client(shop.url).expect(401, 'POST', '/sign-in-link/open', { token });
  await new Client(shop.url).expect(401, 'POST', '/sign-in-link/open', {});

  const tablet = new Client(shop.url);
  await tablet.expect(200, 'POST', '/sign-in-link/open', { token: links.issue(customer.id) });
  assert.equal((await shop.app.get(SessionService).list(customer.id)).length, 3);

  const late = links.issue(customer.id);
  await shop.app.get(Customers, { strict: false }).disable(customer.id);
  for (const client of [browser, phone, tablet]) await client.expect(401, 'GET', '/shop/me');
  await new Client(shop.url).expect(401, 'POST', '/sign-in-link/open', { token: late });
}
