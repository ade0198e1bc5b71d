import { beforeEach, describe, expect, it } from '@jest/globals';
import { LastAdminError, UserNotFoundError } from '../src/admin/index.js';
import { PasswordChangedError, UnknownUserError } from '../src/auth/index.js';
import { onEachDatabase } from './support/databases.js';
import { usersNodeOn, type UsersNode } from './support/users-node.js';

onEachDatabase('changes of users', (databases) => {
  let node: UsersNode;

  beforeEach(async () => {
    node = usersNodeOn(databases.open());
    await node.database.migrate();
  });

  describe('changes', () => {
    it('of roles reach the sessions before the call resolves', async () => {
      const id = await node.create('ann');
      await expect(node.users.update(id, { roles: ['support', 'admin'] })).resolves.toMatchObject({
        roles: ['admin', 'support'],
      });
      expect(node.effects.calls).toEqual(['principal v2']);
      expect(node.effects.principals).toEqual([
        { roles: ['admin', 'support'], email: 'ann@example.org', displayName: null, disabled: false },
      ]);
      await expect(node.outbox.count()).resolves.toBe(0);
    });

    it('that disable end every session after they have learned of it', async () => {
      const id = await node.create('ann');
      await expect(node.users.update(id, { disabled: true })).resolves.toMatchObject({ disabled: true });
      await expect(node.users.update(id, { disabled: false })).resolves.toMatchObject({ disabled: false });
      expect(node.effects.calls).toEqual(['principal v2', 'revoke all', 'principal v3']);
      await expect(node.users.findCredentials(id)).resolves.toMatchObject({
        version: 3,
        user: { disabled: false },
      });
    });

    it('are not made a second time by a worker that comes by meanwhile', async () => {
      const id = await node.create('ann');
      const other = usersNodeOn(databases.open());
      node.effects.meanwhile = () => other.worker.drain();
      await node.users.update(id, { disabled: true });
      expect(other.effects.calls).toEqual([]);
    });

    it('that change nothing write nothing', async () => {
      const id = await node.create('ann', ['a']);
      await node.users.update(id, { roles: ['a', 'a'], disabled: false });
      await node.users.update(id, {});
      await expect(node.users.findCredentials(id)).resolves.toMatchObject({ version: 1 });
      expect(node.effects.calls).toEqual([]);
    });

    it('fail for somebody who is not there', async () => {
      await expect(node.users.update('nobody', { disabled: true })).rejects.toBeInstanceOf(UserNotFoundError);
      await expect(node.users.update('a\0b', { disabled: true })).rejects.toBeInstanceOf(UserNotFoundError);
      await expect(node.users.changePassword('nobody', 'h')).rejects.toBeInstanceOf(UnknownUserError);
    });

    it('stand when the sessions cannot be reached, and are not confirmed by a repetition either', async () => {
      const id = await node.create('ann');
      node.effects.away = true;
      await expect(node.users.update(id, { disabled: true })).rejects.toThrow('Redis is away');
      await expect(node.users.find(id)).resolves.toMatchObject({ disabled: true });
      await expect(node.users.update(id, { disabled: true })).rejects.toThrow('Redis is away');
      node.effects.away = false;
      await node.users.update(id, { disabled: true });
      expect(node.effects.calls).toEqual(['principal v2', 'revoke all']);
      await expect(node.outbox.count()).resolves.toBe(0);
    });
  });

  describe('the last enabled admin', () => {
    it('cannot be disabled or lose the role', async () => {
      const id = await node.create('ann', ['admin', 'x']);
      await node.create('bob', ['not-admin', 'admin.x']);
      const gone = await node.create('eve', ['admin']);
      await node.users.update(gone, { disabled: true });
      await expect(node.users.update(id, { disabled: true })).rejects.toBeInstanceOf(LastAdminError);
      await expect(node.users.update(id, { roles: ['x'] })).rejects.toBeInstanceOf(LastAdminError);
      await expect(node.users.update(id, { roles: ['admin'] })).resolves.toMatchObject({ roles: ['admin'] });
      await expect(node.users.countAdmins()).resolves.toBe(1);
      await node.users.update(gone, { disabled: false });
      await node.users.update(id, { disabled: true });
      await expect(node.users.countAdmins()).resolves.toBe(1);
    });

    it('remains when all admins are demoted at once from several nodes', async () => {
      const nodes = [node, usersNodeOn(databases.open()), usersNodeOn(databases.open())];
      const admins = await Promise.all(
        Array.from({ length: 6 }, (_, i) => node.create(`admin-${i}`, ['admin'])),
      );
      const outcomes = await Promise.allSettled(
        admins.map((id, i) =>
          (nodes[i % 3] as typeof node).users.update(id, i % 2 ? { roles: [] } : { disabled: true }),
        ),
      );
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused.map(({ reason }) => reason as unknown)).toEqual([expect.any(LastAdminError)]);
      await expect(node.users.countAdmins()).resolves.toBe(1);
    });
  });

  describe('a password change', () => {
    it('ends every session', async () => {
      const id = await node.create('ann');
      await node.users.changePassword(id, 'new');
      expect(node.effects.calls).toEqual(['principal v2', 'revoke all']);
      await expect(node.users.findCredentials(id)).resolves.toMatchObject({
        passwordHash: 'new',
        version: 2,
      });
      await expect(node.outbox.count()).resolves.toBe(0);
    });

    it('changes nothing when another one was faster', async () => {
      const id = await node.create('ann');
      const outcomes = await Promise.allSettled(
        [node, usersNodeOn(databases.open())].map(({ users }, i) =>
          users.changePassword(id, `new ${i}`, { expectedHash: 'hash of ann' }),
        ),
      );
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused.map(({ reason }) => reason as unknown)).toEqual([expect.any(PasswordChangedError)]);
      await expect(node.users.findCredentials(id)).resolves.toMatchObject({ version: 2 });
    });

    it('leaves the sessions to the request that sees to them, after the hash is stored', async () => {
      const id = await node.create('ann');
      await node.users.changePassword(id, 'new', {
        apply: async () => {
          await expect(node.users.findCredentials(id)).resolves.toMatchObject({ passwordHash: 'new' });
          await expect(node.outbox.count()).resolves.toBe(1);
          // A worker that comes by meanwhile leaves it alone; so does a change of roles.
          await node.worker.drain();
          await node.users.update(id, { roles: ['x'] });
          await expect(node.outbox.count()).resolves.toBe(1);
        },
      });
      expect(node.effects.calls).toEqual(['principal v3']);
      await expect(node.outbox.count()).resolves.toBe(0);
    });

    it('is left to the workers at once when the request fails to see to them', async () => {
      const id = await node.create('ann');
      const failing = node.users.changePassword(id, 'new', {
        apply: () => Promise.reject(new Error('the session has ended')),
      });
      await expect(failing).rejects.toThrow('the session has ended');
      await node.worker.drain();
      expect(node.effects.calls).toEqual(['principal v2', 'revoke all']);
      await expect(node.outbox.count()).resolves.toBe(0);
    });
  });
});
