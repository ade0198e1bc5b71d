import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { onEachDatabase } from './support/databases.js';
import { usersNodeOn, type UsersNode } from './support/users-node.js';

onEachDatabase('the outbox', (databases) => {
  let node: UsersNode;

  const makeDue = () => sql`update session_outbox set not_before = 0`.execute(node.database.kysely);

  beforeEach(async () => {
    node = usersNodeOn(databases.open());
    await node.database.migrate();
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is drained by whichever node comes first after an outage', async () => {
    const ids = await Promise.all(['ann', 'bob', 'eve'].map((name) => node.create(name)));
    node.effects.away = true;
    for (const id of ids) await expect(node.users.update(id, { disabled: true })).rejects.toThrow();
    await node.worker.drain();
    await expect(node.outbox.count()).resolves.toBe(3);
    const [one, other] = [usersNodeOn(databases.open()), usersNodeOn(databases.open())];
    await makeDue();
    await Promise.all([one.worker.drain(), other.worker.drain()]);
    const calls = [...one.effects.calls, ...other.effects.calls];
    expect(calls.filter((call) => call === 'principal v2')).toHaveLength(3);
    expect(calls.filter((call) => call === 'revoke all')).toHaveLength(3);
    await expect(node.outbox.count()).resolves.toBe(0);
  });

  it('brings the present state, not the one that was written down', async () => {
    const id = await node.create('ann');
    node.effects.away = true;
    await expect(node.users.update(id, { roles: ['a'] })).rejects.toThrow();
    await expect(node.users.update(id, { roles: ['b'] })).rejects.toThrow();
    node.effects.away = false;
    await node.worker.drain();
    expect(node.effects.calls).toEqual(['principal v3', 'principal v3']);
    expect(node.effects.principals.map(({ roles }) => roles)).toEqual([['b'], ['b']]);
  });

  it('tries again after a second what could not be done', async () => {
    const id = await node.create('ann');
    node.effects.away = true;
    await expect(node.users.changePassword(id, 'new')).rejects.toThrow('Redis is away');
    await node.worker.drain();
    node.effects.away = false;
    // Not due before a second is over.
    await node.worker.drain();
    expect(node.effects.calls).toEqual([]);
    await makeDue();
    await node.worker.drain();
    expect(node.effects.calls).toEqual(['principal v2', 'revoke all']);
  });

  it('ends the sessions of an account that is gone', async () => {
    const id = await node.create('ann');
    node.effects.away = true;
    await expect(node.users.changePassword(id, 'new')).rejects.toThrow();
    node.effects.away = false;
    await sql`delete from users`.execute(node.database.kysely);
    await node.worker.drain();
    expect(node.effects.calls).toEqual(['revoke all']);
  });

  it('is tied to the change: neither is stored without the other', async () => {
    const id = await node.create('ann');
    await sql`drop table session_outbox`.execute(node.database.kysely);
    await expect(node.users.update(id, { disabled: true })).rejects.toThrow();
    await expect(node.users.changePassword(id, 'new')).rejects.toThrow();
    await expect(node.users.findCredentials(id)).resolves.toMatchObject({
      version: 1,
      passwordHash: 'hash of ann',
    });
  });
});
