import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { InvalidCursorError } from '../src/admin/index.js';
import { EmailTakenError } from '../src/auth/index.js';
import { ProblemException } from '../src/problem/index.js';
import { onEachDatabase } from './support/databases.js';
import { usersNodeOn, type UsersNode } from './support/users-node.js';

onEachDatabase('accounts', (databases) => {
  let node: UsersNode;

  beforeEach(async () => {
    node = usersNodeOn(databases.open());
    await node.database.migrate();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are found by e-mail in any spelling of it', async () => {
    const created = await node.users.create({
      email: '  ÉMILE@Example.ORG ',
      displayName: 'Émile',
      passwordHash: '$argon2id$x',
      roles: ['support', 'a', 'support'],
    });
    expect(created).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      email: 'émile@example.org',
      displayName: 'Émile',
      roles: ['a', 'support'],
      disabled: false,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    expect(Math.abs(Date.parse(created.createdAt) - Date.now())).toBeLessThan(10_000);
    await expect(node.users.findByEmail('E\u0301MILE@example.org')).resolves.toEqual({ id: created.id });
    await expect(node.users.find(created.id)).resolves.toEqual(created);
    await expect(node.users.findCredentials(created.id)).resolves.toEqual({
      user: created,
      passwordHash: '$argon2id$x',
      version: 1,
    });
  });

  it('are not found by what nobody has', async () => {
    for (const unknown of ['', 'x', 'a\0b', "' or 1=1 --"]) {
      await expect(node.users.findByEmail(unknown)).resolves.toBeNull();
      await expect(node.users.find(unknown)).resolves.toBeNull();
      await expect(node.users.findCredentials(unknown)).resolves.toBeNull();
    }
  });

  it('have an e-mail that is theirs alone, also when two are created at once', async () => {
    const other = usersNodeOn(databases.open());
    const create = ({ users }: UsersNode, email: string) =>
      users.create({ email, displayName: null, passwordHash: 'h', roles: [] });
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 4 }, () => create(node, 'one@example.org')),
      ...Array.from({ length: 4 }, () => create(other, 'ONE@example.org')),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(EmailTakenError);
    }
    await expect(node.users.count()).resolves.toBe(1);
  });

  it('take no role that is none', async () => {
    await expect(node.create('x', ['Root'])).rejects.toBeInstanceOf(ProblemException);
    await expect(node.users.count()).resolves.toBe(0);
  });

  it('get a stronger hash only while the old one is stored', async () => {
    const id = await node.create('ann');
    await node.users.rehash(id, 'stale', 'wrong');
    await node.users.rehash(id, 'hash of ann', 'stronger');
    await node.users.rehash(id, 'hash of ann', 'late');
    await expect(node.users.findCredentials(id)).resolves.toMatchObject({
      passwordHash: 'stronger',
      version: 1,
    });
    expect(node.effects.calls).toEqual([]);
  });

  describe('search', () => {
    const emails = async (query: string) =>
      (await node.users.search({ query, limit: 100 })).items.map(({ email }) => email.split('@')[0]).sort();

    it('finds a part of an e-mail or a name in any case, and takes % _ and \\ for themselves', async () => {
      await node.create('ann', [], 'Ånn 100%');
      await node.create('bob', [], 'Bob_B');
      await node.create('eve', [], 'back\\slash');
      await node.create('joe');
      await expect(emails('ÅNN')).resolves.toEqual(['ann']);
      await expect(emails(' A\u030ANN ')).resolves.toEqual(['ann']);
      await expect(emails('OB_b')).resolves.toEqual(['bob']);
      await expect(emails('%')).resolves.toEqual(['ann']);
      await expect(emails('_')).resolves.toEqual(['bob']);
      await expect(emails('\\')).resolves.toEqual(['eve']);
      await expect(emails('B@EXAMPLE')).resolves.toEqual(['bob']);
      await expect(emails("'")).resolves.toEqual([]);
      await expect(emails('\0')).resolves.toEqual([]);
      await expect(emails('')).resolves.toEqual(['ann', 'bob', 'eve', 'joe']);
    });

    it('pages through everybody once, newest first, also when several came in the same millisecond', async () => {
      jest.spyOn(Date, 'now').mockReturnValueOnce(3_000).mockReturnValueOnce(1_000).mockReturnValue(2_000);
      const newest = await node.create('newest');
      const oldest = await node.create('oldest');
      await Promise.all(Array.from({ length: 9 }, (_, i) => node.create(`same-${i}`)));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await node.users.search({ limit: 3, cursor });
        expect(page.items.length).toBeLessThanOrEqual(3);
        seen.push(...page.items.map(({ id }) => id));
        // Somebody who comes in between is newer than what is left.
        if (!cursor)
          await node.users.create({
            email: 'late@example.org',
            displayName: null,
            passwordHash: 'h',
            roles: [],
          });
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen[0]).toBe(newest);
      expect(seen.at(-1)).toBe(oldest);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThanOrEqual(11);
    });

    it('answers a full last page without a cursor, and never more than a hundred', async () => {
      for (let i = 0; i < 4; i += 1) await node.create(`u${i}`);
      await expect(node.users.search({ limit: 4 })).resolves.toMatchObject({ nextCursor: null });
      await expect(node.users.search({ limit: 1_000_000 })).resolves.toMatchObject({ nextCursor: null });
      await expect(node.users.search({ limit: -3 })).resolves.toMatchObject({
        items: [{ email: expect.any(String) }],
      });
    });

    it('refuses a cursor that it did not make', async () => {
      await expect(node.users.search({ limit: 3, cursor: 'made up' })).rejects.toBeInstanceOf(
        InvalidCursorError,
      );
    });
  });
});
