import assert from 'node:assert/strict';
import { Customers } from '../customers.js';
import { PASSWORD, register, type Shop } from './shop.js';

/** Roles, permissions and what needs a recent login; all of them as they are now, not as they were at the login. */
export async function checkPermissions(shop: Shop): Promise<void> {
  const customers = shop.app.get(Customers, { strict: false });
  const { browser, customer } = await register(shop, 'joan@example.com');
  const other = (await register(shop, 'mary@example.com')).customer;
  const profile = `/office/customers/${other.id}`;

  await browser.expect(403, 'GET', profile);
  await customers.setRoles(customer.id, ['clerk']);
  assert.deepEqual(await browser.expect(200, 'GET', profile), { email: other.email, plan: 'free' });
  await browser.expect(201, 'POST', '/office/orders/1/refund');
  await browser.expect(403, 'PUT', '/office/articles/tea/price');
  await browser.expect(403, 'DELETE', profile);

  await customers.setRoles(customer.id, ['admin']);
  const refusal = await browser.expect(403, 'PUT', '/office/articles/tea/price');
  assert.equal((refusal as { code: string }).code, 'REAUTHENTICATION_REQUIRED');
  await browser.expect(200, 'POST', '/auth/reauthenticate', { password: PASSWORD });
  await browser.expect(200, 'PUT', '/office/articles/tea/price');
  await browser.expect(204, 'DELETE', profile);

  await customers.setRoles(customer.id, []);
  await browser.expect(403, 'GET', `/office/customers/${customer.id}`);
}
