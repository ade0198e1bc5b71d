import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { PASSWORD } from './support/app.js';
import { Member, tryLogin } from './support/race-clients.js';
import { type ShopNode, type ShopNodes, startShopNodes } from './support/shop-nodes.js';
import { runs } from './support/soak.js';

// Two instances of the program. Requests are held at a gate of one while the other ends their sessions, and let go when
// it has answered. Each round is one session of its own; the rounds of a crowd are under way at the same time.
const ROUNDS = runs(200, 5_000);
const CROWD = 20;
const LIMIT_MS = ROUNDS * 300;
const OTHER_PASSWORD = 'eight large goats under a bridge';

interface Shopper {
  id: string;
  email: string;
  password: string;
  /** A session beside the one that is raced for. */
  other: Member;
}

describe('races over HTTP', () => {
  let shop: ShopNodes;
  let here: ShopNode;
  let there: ShopNode;
  let client: Redis;
  let admin: Member;
  const shoppers: Shopper[] = [];

  beforeAll(async () => {
    shop = await startShopNodes();
    [here, there] = shop.nodes;
    client = shop.redis.client();
    await shop.createUser('root@example.com', ['admin']);
    admin = await Member.login(there.url, { email: 'root@example.com', password: PASSWORD }, 'bearer');
    for (let i = 0; i < CROWD; i++) {
      const who = { email: `shopper-${i}@example.com`, password: PASSWORD };
      const id = await shop.createUser(who.email);
      shoppers.push({ id, ...who, other: await Member.login(here.url, who, 'bearer') });
    }
  }, 60_000);
  afterAll(() => shop.close());

  /** Runs all rounds, a crowd at a time. */
  const everyRound = async (round: (crowd: Shopper[], number: number) => Promise<void>): Promise<void> => {
    for (let done = 0; done < ROUNDS; done += CROWD) await round(shoppers, done / CROWD);
  };
  const together = <T>(crowd: Shopper[], act: (shopper: Shopper, i: number) => Promise<T>): Promise<T[]> =>
    Promise.all(crowd.map(act));
  const sessions = async (): Promise<number> => (await client.keys('lk:sess:*')).length;
  const enable = async ({ id }: Shopper): Promise<void> => {
    const answer = await admin.send(there.url, 'PATCH', `/admin/users/${id}`, { disabled: false });
    expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
  };
  const logInAgain = async (shopper: Shopper): Promise<void> => {
    shopper.other = await Member.login(here.url, shopper, 'bearer');
  };
  const changePassword = async (shopper: Shopper): Promise<number> => {
    const next = shopper.password === PASSWORD ? OTHER_PASSWORD : PASSWORD;
    const { status } = await shopper.other.changePassword(there.url, shopper.password, next);
    shopper.password = next;
    return status;
  };
  const adminSends = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await admin.send(there.url, method, path, body)).status;

  interface Ending {
    /** @returns the status */
    end(shopper: Shopper, victim: Member): Promise<number>;
    status: number;
    /** Makes the next round possible. */
    after?: (shopper: Shopper) => Promise<void>;
  }
  const endings: Record<string, Ending> = {
    'a logout in another tab': {
      end: async (_, victim) => (await victim.send(there.url, 'POST', '/auth/logout')).status,
      status: 204,
    },
    'a revocation from another device': {
      end: async ({ other }, { sessionId }) =>
        (await other.send(there.url, 'DELETE', `/auth/sessions/${sessionId}`)).status,
      status: 204,
    },
    'a revocation of all others from another device': {
      end: async ({ other }) => (await other.send(there.url, 'DELETE', '/auth/sessions')).status,
      status: 200,
    },
    'a change of the password on another device': { end: changePassword, status: 200 },
    'a revocation by an admin': {
      end: ({ id }, { sessionId }) => adminSends('DELETE', `/admin/users/${id}/sessions/${sessionId}`),
      status: 204,
    },
    'a revocation of all by an admin': {
      end: ({ id }) => adminSends('DELETE', `/admin/users/${id}/sessions`),
      status: 200,
      after: logInAgain,
    },
    'the disabling of the account': {
      end: ({ id }) => adminSends('PATCH', `/admin/users/${id}`, { disabled: true }),
      status: 200,
      after: async (shopper) => {
        await enable(shopper);
        await logInAgain(shopper);
      },
    },
  };

  describe.each(Object.entries(endings))('%s', (_, { end, status, after }) => {
    it(
      `leaves nothing for a slow request to revive that fills a cart, ${ROUNDS} times`,
      async () => {
        await everyRound(async (crowd, number) => {
          const before = await sessions();
          const transport = number % 2 === 0 ? 'cookie' : 'bearer';
          const victims = await together(crowd, (shopper) => Member.login(here.url, shopper, transport));
          const { open, waiting } = here.carts.close(crowd.length);
          const slow = victims.map((victim) => victim.send(here.url, 'POST', '/cart?item=tea'));
          await waiting;
          const ended = await together(crowd, (shopper, i) => end(shopper, victims[i] as Member)).finally(
            open,
          );
          expect(new Set(ended)).toEqual(new Set([status]));
          for (const answer of await Promise.all(slow)) {
            expect([answer.status, answer.body.code]).toEqual([401, 'SESSION_ENDED']);
            expect(answer.headers.getSetCookie()).toEqual([]);
          }
          expect(await sessions()).toBeLessThanOrEqual(before);
          const later = victims.map((victim) => victim.send(here.url, 'GET', '/auth/session'));
          expect(new Set((await Promise.all(later)).map((answer) => answer.status))).toEqual(new Set([401]));
          if (after) await together(crowd, after);
        });
      },
      LIMIT_MS,
    );
  });

  const closings: Record<string, Pick<Ending, 'end' | 'after'>> = {
    'a revocation of all by an admin': endings['a revocation of all by an admin'] as Ending,
    'a change of the password': { end: changePassword },
    'the disabling of the account': endings['the disabling of the account'] as Ending,
  };

  it.each(Object.entries(closings))(
    `%s lets no login past that had its password checked before, ${ROUNDS} times`,
    async (_, { end, after }) => {
      await everyRound(async (crowd, number) => {
        const before = await sessions();
        const transport = number % 2 === 0 ? 'cookie' : 'bearer';
        const { open, waiting } = here.logins.close(crowd.length);
        const slow = crowd.map((shopper) => tryLogin(here.url, shopper, transport));
        await waiting;
        const ended = await together(crowd, (shopper) => end(shopper, shopper.other)).finally(open);
        expect(new Set(ended)).toEqual(new Set([200]));
        for (const answer of await Promise.all(slow)) {
          expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
          expect(answer.headers.getSetCookie()).toEqual([]);
        }
        expect(await sessions()).toBeLessThanOrEqual(before);
        if (after) await together(crowd, after);
      });
    },
    LIMIT_MS,
  );

  it(
    `loses none of the items that two tabs each add on two nodes at the same time, ${ROUNDS} times`,
    async () => {
      const items = ['tea', 'milk', 'jam', 'bread'];
      await everyRound(async (crowd) => {
        const members = await together(crowd, (shopper) => Member.login(here.url, shopper, 'bearer'));
        const gates = [here.carts.close(2 * crowd.length), there.carts.close(2 * crowd.length)];
        const adds = members.flatMap((member) =>
          items.map((item, i) => member.send((i % 2 === 0 ? here : there).url, 'POST', `/cart?item=${item}`)),
        );
        await Promise.all(gates.map((gate) => gate.waiting));
        gates.forEach((gate) => gate.open());
        const added = await Promise.all(adds);
        expect(new Set(added.map((answer) => answer.status))).toEqual(new Set([201]));
        for (const member of members) {
          const { body } = await member.send(here.url, 'GET', '/cart');
          expect((body as { cart: string[] }).cart.sort()).toEqual([...items].sort());
        }
      });
    },
    LIMIT_MS,
  );
});
