import { beforeEach, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { LastAdminError, userChangeEvents } from '../src/admin/index.js';
import { AuditRepository } from '../src/audit/index.js';
import { PasswordChangedError, type ChangeRecording, type SecurityEvent } from '../src/auth/index.js';
import { onEachDatabase } from './support/databases.js';
import { usersNodeOn, type UsersNode } from './support/users-node.js';

/** Keeps what the store says it has committed. */
class Recording implements ChangeRecording {
  readonly told: SecurityEvent[] = [];

  constructor(readonly eventsOf: ChangeRecording['eventsOf']) {}

  committed(events: readonly SecurityEvent[]): void {
    this.told.push(...events);
  }
}

onEachDatabase('a change of an account and its events', (databases) => {
  let node: UsersNode;
  let ann: string;
  const rows = () => new AuditRepository(node.database).list({}, 100);
  const types = async () => (await rows()).map(({ type }) => type);
  const changes = () =>
    new Recording((after, before) => userChangeEvents({ actorId: 'root' }, after, before));
  const passwordChange = () =>
    new Recording(({ id }) => [{ type: 'password.changed', userId: id, actorId: id }]);
  const registration = () =>
    new Recording(({ id, roles }) => [{ type: 'registered', userId: id, actorId: null, detail: { roles } }]);
  const stored = () => node.users.findCredentials(ann);

  beforeEach(async () => {
    const database = databases.open();
    await database.migrate();
    node = usersNodeOn(database);
    ann = await node.create('ann', ['a']);
  });

  it('are committed together, and say how it was and how it is', async () => {
    const recording = changes();
    await node.users.update(ann, { disabled: true, roles: ['b', 'a'] }, recording);
    const act = { userId: ann, actorId: 'root' };
    const events = [
      { ...act, type: 'user.disabled' },
      { ...act, type: 'user.roles_changed', detail: { before: ['a'], after: ['a', 'b'] } },
    ];
    expect(recording.told).toEqual(events);
    expect((await rows()).reverse()).toEqual(events.map((event) => expect.objectContaining(event)));
    await node.users.changePassword(ann, 'new', { recording: passwordChange() });
    await node.users.update(ann, { disabled: false }, changes());
    expect((await types()).slice(0, 2)).toEqual(['user.enabled', 'password.changed']);
  });

  it('are there although the sessions could not be reached', async () => {
    node.effects.away = true;
    const recording = changes();
    await expect(node.users.update(ann, { disabled: true }, recording)).rejects.toThrow('Redis is away');
    const changed = passwordChange();
    const changing = node.users.changePassword(ann, 'new', { recording: changed });
    await expect(changing).rejects.toThrow('Redis is away');
    expect(await types()).toEqual(['password.changed', 'user.disabled']);
    // So nobody records them once more.
    expect([...recording.told, ...changed.told]).toHaveLength(2);
  });

  it('are both missing when the trail cannot be written', async () => {
    await sql`drop table audit_events`.execute(node.database.kysely);
    const before = await stored();
    const recording = changes();
    await expect(node.users.update(ann, { disabled: true }, recording)).rejects.toThrow();
    await expect(node.users.update(ann, { roles: [] }, recording)).rejects.toThrow();
    await expect(node.users.changePassword(ann, 'new', { recording: passwordChange() })).rejects.toThrow();
    const bob = { email: 'bob@example.org', displayName: null, passwordHash: 'h', roles: [] };
    await expect(node.users.create(bob, registration())).rejects.toThrow();
    expect(await stored()).toEqual(before);
    expect(await node.users.findByEmail(bob.email)).toBeNull();
    expect([await node.outbox.count(), node.effects.calls, recording.told]).toEqual([0, [], []]);
  });

  it('are both missing when the change is refused', async () => {
    const root = await node.create('root', ['admin']);
    const recording = changes();
    await expect(node.users.update(root, { disabled: true }, recording)).rejects.toBeInstanceOf(
      LastAdminError,
    );
    const expectedHash = 'another hash';
    await expect(
      node.users.changePassword(ann, 'new', { expectedHash, recording: passwordChange() }),
    ).rejects.toBeInstanceOf(PasswordChangedError);
    expect([await types(), recording.told]).toEqual([[], []]);
  });

  it('are nothing when nothing changes', async () => {
    await node.users.update(ann, { disabled: false, roles: ['a'] }, changes());
    expect(await types()).toEqual([]);
  });

  it('are one of each when two ask for the same at once', async () => {
    await Promise.all([1, 2, 3, 4].map(() => node.users.update(ann, { disabled: true }, changes())));
    expect(await types()).toEqual(['user.disabled']);
  });

  it('come with a new account too', async () => {
    const recording = registration();
    const bob = { email: 'bob@example.org', displayName: null, passwordHash: 'h', roles: ['x'] };
    const { id } = await node.users.create(bob, recording);
    expect(await rows()).toEqual([
      expect.objectContaining({ type: 'registered', userId: id, detail: { roles: ['x'] } }),
    ]);
    expect(recording.told).toHaveLength(1);
  });
});
