import type { INestApplication } from '@nestjs/common';
import { Customers } from '../customers.js';
import type { Customer } from '../customer.js';
import { Client } from './client.js';

/** The running shop. */
export interface Shop {
  app: INestApplication;
  url: string;
}

export const PASSWORD = 'correct horse battery staple';

/** A new customer, and a browser that is logged in. */
export async function register(
  { app, url }: Shop,
  email: string,
): Promise<{ browser: Client; customer: Customer }> {
  const browser = new Client(url);
  await browser.expect(201, 'POST', '/auth/register', { email, password: PASSWORD });
  const customer = await app.get(Customers, { strict: false }).findByEmail(email);
  if (!customer) throw new Error(`${email} is no customer`);
  return { browser, customer };
}
