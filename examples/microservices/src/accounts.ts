import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import * as latchkey from 'latchkey';
import { client, publicUrl, serve, sessions } from './service.js';

/** The accounts, in memory. A service has a table for them. */
class Accounts extends latchkey.UserStore {
  private readonly rows = new Map<string, latchkey.UserCredentials>();

  async findByEmail(email: string) {
    return [...this.rows.values()].find(({ user }) => user.email === email)?.user ?? null;
  }

  async findCredentials(userId: string) {
    return this.rows.get(userId) ?? null;
  }

  async create({ email, displayName, roles, passwordHash }: latchkey.NewUser) {
    if (await this.findByEmail(email)) throw new latchkey.EmailTakenError();
    const createdAt = new Date().toISOString();
    const user = { id: randomUUID(), email, displayName, roles, disabled: false, createdAt };
    this.rows.set(user.id, { user, passwordHash, version: 1 });
    return user;
  }

  rehash = async () => undefined; // hashes here are never older than the program

  async changePassword(userId: string, passwordHash: string, options: latchkey.ChangePasswordOptions = {}) {
    const row = this.rows.get(userId);
    if (!row) throw new latchkey.UnknownUserError();
    const { expectedHash = row.passwordHash, apply } = options;
    if (expectedHash !== row.passwordHash) throw new latchkey.PasswordChangedError();
    this.rows.set(userId, { ...row, passwordHash, version: row.version + 1 });
    await apply?.(); // ends the sessions made before
  }
}

/** Everything under /auth: login, one's own sessions, and GET /auth/verify for the gateway. */
@Module({
  imports: [
    latchkey.SessionModule.forRoot(sessions),
    latchkey.AuthModule.forRoot({
      userStore: new Accounts(),
      throttle: new latchkey.RedisLoginThrottle({ client, secrets: sessions.secrets }),
      registration: 'open',
      origins: [publicUrl], // of the gateway's clients, for /auth/verify
    }),
  ],
  providers: [
    { provide: APP_FILTER, useClass: latchkey.ProblemFilter },
    { provide: APP_GUARD, useClass: latchkey.SessionGuard },
  ],
})
class AccountsModule {}

await serve(AccountsModule, 'accounts.sock');
