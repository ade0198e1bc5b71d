import { AuditRepository } from '../../src/audit/index.js';
import type { Database } from '../../src/database/index.js';
import type { PrincipalUpdate, Revocation } from '../../src/session/index.js';
import { OutboxDelivery } from '../../src/users/outbox.delivery.js';
import { OutboxRepository } from '../../src/users/outbox.repository.js';
import { OutboxWorker } from '../../src/users/outbox.worker.js';
import type { SessionEffects } from '../../src/users/session-effects.js';
import { UsersRepository } from '../../src/users/users.repository.js';
import { UsersService } from '../../src/users/users.service.js';

/** What reaches the sessions, in order; `away` makes every call fail, as an outage of Redis does. */
export class RecordedEffects implements SessionEffects {
  readonly calls: string[] = [];
  readonly principals: PrincipalUpdate[] = [];
  away = false;
  /** What happens while the sessions are told. */
  meanwhile: () => Promise<void> = () => Promise.resolve();

  async setPrincipal(_userId: string, principal: PrincipalUpdate, version: number): Promise<void> {
    await this.reach(`principal v${version}`);
    this.principals.push(principal);
  }

  async revokeAll(): Promise<Revocation> {
    await this.reach('revoke all');
    return { revoked: 0 };
  }

  private async reach(call: string): Promise<void> {
    await this.meanwhile();
    if (this.away) throw new Error('Redis is away');
    this.calls.push(call);
  }
}

/** The users' side of one instance of the program, with sessions that only take notes. */
export interface UsersNode {
  database: Database;
  effects: RecordedEffects;
  outbox: OutboxRepository;
  users: UsersService;
  worker: OutboxWorker;
  /** Creates `<name>@example.org` whose hash is `hash of <name>`. @returns the id */
  create(name: string, roles?: string[], displayName?: string | null): Promise<string>;
}

/** @param database migrated before the first call */
export function usersNodeOn(database: Database): UsersNode {
  const effects = new RecordedEffects();
  const repository = new UsersRepository(database);
  const outbox = new OutboxRepository(database);
  const delivery = new OutboxDelivery(repository, outbox, effects);
  const users = new UsersService(database, repository, outbox, delivery, new AuditRepository(database));
  const worker = new OutboxWorker(outbox, delivery);
  return {
    database,
    effects,
    outbox,
    users,
    worker,
    async create(name, roles = [], displayName = null) {
      const email = `${name}@example.org`;
      return (await users.create({ email, displayName, passwordHash: `hash of ${name}`, roles })).id;
    },
  };
}
